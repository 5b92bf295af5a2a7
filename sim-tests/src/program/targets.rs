//! Measures what there are targets for, and prints them beside what was measured, each with its command.

use super::kill_matrix::{caught, shrunk, small};
use super::say::say;
use super::{Trouble, Verdict};
use crate::matrix::hunt_all;
use crate::plan::Profile;
use crate::planted::BugId;
use crate::power::{self, Swept, Tally};
use crate::run::Substrate;
use crate::sweep::{self, Failure, Scope, sweep};
use nix::sys::resource::{UsageWho, getrusage};
use std::time::{Duration, Instant};

/// A bug that as many seeds do not find has survived.
const SEEDS_MAX: u64 = 300;
/// What shows the cuts.
const POWER: &str = "cargo test --release -p sim-tests --test power -- --nocapture";
/// How the program is called.
const PROGRAM: &str = "cargo run --release -p sim-tests --";

#[derive(clap::Args)]
pub(super) struct Targets {
    /// For how long each rate is measured.
    #[arg(long, default_value_t = 10)]
    secs: u64,
    /// Of how many seeds two runs are compared.
    #[arg(long, default_value_t = 20_000)]
    pairs: u64,
    /// Run the tests of this package too, and tell how long they take.
    #[arg(long)]
    tests: bool,
}

impl Targets {
    pub(super) fn carry_out(&self) -> Result<Verdict, Trouble> {
        let mut all_kept = self.rate("3,000", Substrate::Events, None)?;
        all_kept &= self.rate("100", Substrate::Turmoil, Some(1))?;
        all_kept &= self.rate("300", Substrate::Turmoil, Some(10))?;
        all_kept &= self.recoveries()?;
        self.tests()?;
        all_kept &= cuts()?;
        bugs()?;
        all_kept &= self.pairs()?;
        Ok(match all_kept {
            true => Verdict::Kept,
            false => Verdict::Broken,
        })
    }

    /// Runs a second of eight clients with fifty messages each. Whether no run broke anything.
    fn rate(&self, target: &str, on: Substrate, tick: Option<u64>) -> Result<bool, Trouble> {
        let (name, flags) = match (on, tick) {
            (Substrate::Turmoil, Some(tick)) => (
                format!("turmoil, 8 clients x 50 messages, {tick} ms tick"),
                format!(" --on turmoil --tick {tick}"),
            ),
            _ => ("events, 8 clients x 50 messages".into(), String::new()),
        };
        let (began, before) = (Instant::now(), processor_time());
        let scope = Scope {
            seeds: 0..u64::MAX,
            until: Some(began + Duration::from_secs(self.secs)),
            on,
            profile: Profile::Rate,
            tick: tick.map(Duration::from_millis),
            twice: 0,
        };
        let tally = sweep(&scope, |_| ());
        let spans = (began.elapsed(), processor_time().saturating_sub(before));
        let secs = self.secs;
        row(
            &name,
            &format!("{target} runs a second"),
            &rates(&tally, spans),
            &format!("{PROGRAM} sweep --profile rate --once --secs {secs}{flags}"),
        )?;
        Ok(tally.failures.is_empty())
    }

    /// Recoveries from power cuts a second. Whether all of them were what they should be.
    fn recoveries(&self) -> Result<bool, Trouble> {
        let (began, before) = (Instant::now(), processor_time());
        let until = began + Duration::from_secs(self.secs);
        let Swept { tally, broken } = power::sweep(0..u64::MAX, Some(until));
        let spans = (began.elapsed(), processor_time().saturating_sub(before));
        let (rate, quiet) = a_second(tally.cuts, spans);
        let Tally {
            in_recovery,
            torn,
            records,
            ..
        } = tally;
        row(
            "crash-recoveries of the disk engine",
            "2,000 a second",
            &format!(
                "{rate:.0} ({quiet}), {} broken; {in_recovery} cuts in recovery, {torn} with torn writes, {records} records",
                broken.len()
            ),
            POWER,
        )?;
        Ok(broken.is_empty())
    }

    fn tests(&self) -> Result<(), Trouble> {
        let command = "cargo test -p sim-tests";
        let measured = match self.tests {
            false => "not measured: --tests does".into(),
            true => {
                let began = Instant::now();
                let ended = std::process::Command::new("cargo")
                    .args(["test", "-q", "-p", "sim-tests"])
                    .status()
                    .map_err(|error| format!("{command}: it cannot be run: {error}"))?;
                let secs = began.elapsed().as_secs();
                format!("{secs} s, with what had to be built; {ended}")
            }
        };
        row(
            "the tests, 20,000 seeds twice and 2,000 on turmoil",
            "120 s",
            &measured,
            command,
        )?;
        Ok(())
    }

    /// Whether two runs of a seed ever differed.
    fn pairs(&self) -> Result<bool, Trouble> {
        let scope = Scope {
            seeds: 0..self.pairs,
            until: None,
            on: Substrate::Events,
            profile: Profile::Small,
            tick: None,
            twice: 1,
        };
        let tally = sweep(&scope, |_| ());
        let differs = |failure: &&Failure| failure.why.iter().any(|why| why.starts_with("G14"));
        let differ = tally.failures.iter().filter(differs).count();
        let seeds = tally.seeds;
        row(
            "two runs of one seed that differ",
            "0 in a million",
            &format!("{differ} in {seeds}, {}", tally.reached()),
            &format!("{PROGRAM} sweep --profile small --seeds {seeds}"),
        )?;
        Ok(tally.failures.is_empty())
    }
}

/// How many cuts the ordinary tests make. Whether all were survived.
fn cuts() -> Result<bool, Trouble> {
    let Swept { tally, broken } = power::sweep(0..power::ORDINARY_SEEDS, None);
    let store = power::store::operations().map_or(0, |count| count * power::store::WAYS);
    row(
        "disk cuts in the tests",
        "10,000",
        &format!(
            "{} of the server's log, {} broken; {store} of a client's store",
            tally.cuts,
            broken.len()
        ),
        POWER,
    )?;
    Ok(broken.is_empty() && store > 0)
}

fn bugs() -> Result<(), Trouble> {
    let bugs: Vec<BugId> = BugId::every().collect();
    let hunts = hunt_all(&bugs, SEEDS_MAX, |_| ());
    row(
        "planted bugs",
        "all of 30 and more; median 0.2 s, 95 % 5 s",
        &caught(&hunts),
        &format!("{PROGRAM} kill-matrix"),
    )?;
    let smalls: Vec<_> = hunts.iter().filter_map(small).collect();
    row(
        "failing runs, shrunk",
        "12 events for nine of ten, in 2 s",
        &shrunk(&smalls),
        &format!("{PROGRAM} kill-matrix --shrink"),
    )?;
    Ok(())
}

/// Runs and events a second, by the clock and by the time that processors spent on them, and what was reached beside.
fn rates(tally: &sweep::Tally, spans: (Duration, Duration)) -> String {
    let ((runs, quiet), (events, _)) = (a_second(tally.runs, spans), a_second(tally.events, spans));
    format!(
        "{runs:.0} ({quiet}), {events:.0} events a second; {} failed; {}",
        tally.failures.len(),
        tally.reached()
    )
}

/// How many a second, by the clock and, in words, by the time that processors spent on them.
fn a_second(count: u64, (wall, spent): (Duration, Duration)) -> (f64, String) {
    let count = count as f64;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let quiet = count / spent.as_secs_f64() * processors as f64;
    let words = format!("{quiet:.0}, had {processors} processors done nothing else");
    (count / wall.as_secs_f64(), words)
}

/// What this program has had of all processors.
fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF);
    let micros = usage.map_or(0, |usage| {
        let (user, system) = (usage.user_time(), usage.system_time());
        (user.tv_sec() + system.tv_sec()) * 1_000_000 + user.tv_usec() + system.tv_usec()
    });
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

fn row(measure: &str, target: &str, measured: &str, command: &str) -> Result<(), Trouble> {
    say!("{measure}");
    say!("    target    {target}");
    say!("    measured  {measured}");
    if !command.is_empty() {
        say!("    again     {command}");
    }
    Ok(())
}
