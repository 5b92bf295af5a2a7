//! A scenario played by the relay and by the server in turn.

use super::arguments::{Comparison, LevelName};
use super::bodies::Bodies;
use super::classic::Classic;
use super::home::Home;
use super::relay::Wiring;
use super::report::{Outcome, Side, Title, compare};
use super::session::Session;
use super::speech::Level;
use super::subject::{Subject, Target};
use std::io;

/// Something that can be measured at every level.
pub trait Scenario {
    /// Its name in reports.
    const NAME: &'static str;
    /// Who hears whom in the relay that is its floor.
    const WIRING: Wiring;
    /// The figures whose ratio, server to relay, is of interest.
    const RATIOS: &'static [&'static str];

    /// What it was asked to do, by name.
    fn parameters(&self) -> Vec<(&'static str, f64)>;

    /// The length of its bodies.
    fn body_bytes(&self) -> usize;

    /// Plays one round.
    ///
    /// # Errors
    /// What the system says, or that the server did not take the users.
    fn play<L: Level>(&self, level: &L, target: Target) -> io::Result<Outcome>;
}

/// Plays a scenario as often as asked, a fresh program each time, and reports. Says whether every audit was clean.
///
/// # Errors
/// What the system says, or that a program did not start, did not take the users or did not end.
pub fn contest<S: Scenario>(comparison: &Comparison, scenario: &S) -> io::Result<bool> {
    let title = Title {
        scenario: S::NAME,
        level: comparison.level.name(),
        parameters: scenario.parameters(),
        rounds: comparison.rounds,
    };
    compare(&title, &Side::BOTH, S::RATIOS, |side| match side {
        Side::Relay => relay_round(scenario),
        Side::Server => server_round(comparison, scenario),
    })
}

/// Plays what has no floor to be compared with as often as asked, with the server alone, and reports.
///
/// # Errors
/// As for [`contest`].
pub fn trial(
    (scenario, parameters): (&'static str, Vec<(&'static str, f64)>),
    rounds: u32,
    mut play: impl FnMut() -> io::Result<Outcome>,
) -> io::Result<bool> {
    let title = Title {
        scenario,
        level: LevelName::Session.name(),
        parameters,
        rounds,
    };
    compare(&title, &[Side::Server], &[], |_| play())
}

/// Plays a round with a fresh server.
///
/// # Errors
/// As for [`contest`].
pub fn with_server(
    comparison: &Comparison,
    play: impl FnOnce(Target) -> io::Result<Outcome>,
) -> io::Result<Outcome> {
    let home = Home::of(comparison)?;
    let mut arguments = vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()];
    arguments.extend(home.arguments());
    arguments.extend_from_slice(&comparison.further);
    let server = Subject::start(&comparison.server, &arguments)?;
    let outcome = play(server.target())?;
    server.stop()?;
    Ok(outcome)
}

fn relay_round<S: Scenario>(scenario: &S) -> io::Result<Outcome> {
    let arguments = ["relay", S::WIRING.name()];
    let relay = Subject::start(&std::env::current_exe()?, &arguments)?;
    let bytes = scenario.body_bytes();
    // It has no goodbye: it ends with its value.
    scenario.play(&Bodies { bytes }, relay.target())
}

fn server_round<S: Scenario>(comparison: &Comparison, scenario: &S) -> io::Result<Outcome> {
    with_server(comparison, |target| match comparison.level {
        LevelName::Session => scenario.play(&Session::default(), target),
        LevelName::Classic => scenario.play(&Classic, target),
    })
}
