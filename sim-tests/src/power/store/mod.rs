//! The power goes at a write or a sync of a client's store in a scripted run, and comes back: nothing is lost, nothing is
//! there twice, and no id stands for two lines.

mod program;
mod server;

pub use program::{History, Program, alice, bob, history, open};
pub use server::Server;

use super::{Fate, LOG_RULES, Lie, Plate, broken};
use crate::checker::Violation;
use crate::dice::Dice;
use std::io;
use verbatim_core::client::{Input, LineState};

/// A line is sent twice, or an id stands for two.
const DUPLICATES: &str = "G2 No duplicates";
/// Messages and cursor do not agree.
const STORED: &str = "G5 Exactly once, stored";
/// Something is not there.
const NO_LOSS: &str = super::NO_LOSS;
/// A connection counter goes back.
const FENCING: &str = "G8 Fencing";

/// A bug of a client's store, or of the program round it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Lines go out before the ids under which they do are durable.
    SentBeforeKept,
    /// The cursor is committed before the messages that it covers.
    CursorFirst,
    /// The cursor is committed after the messages that it covers.
    CursorLast,
    /// A write that failed counts as one that did not.
    FailureIgnored,
    /// The disk says that it synced, and did not.
    SyncsNothing,
}

/// What happens in the run; a power cut in the midst of one is followed by a new start, and the next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Connect,
    /// The link breaks, and what was on its way is lost.
    Cut,
    Type(&'static [&'static str]),
    /// Somebody says so much, and it comes in one piece.
    Hear(&'static [&'static str]),
    /// What is under way arrives, and the answers too.
    Talk,
    Settle,
}

const SCRIPT: &[Step] = &[
    Step::Type(&["a"]),
    Step::Connect,
    Step::Hear(&["1", "2", "3"]),
    Step::Type(&["b", "c"]),
    Step::Talk,
    Step::Type(&["d"]),
    Step::Cut,
    Step::Type(&["e"]),
    Step::Connect,
    Step::Settle,
    Step::Hear(&["4"]),
    Step::Type(&["f", "g"]),
    Step::Hear(&["5", "6"]),
    Step::Cut,
];

/// In how many ways a cut is survived.
pub const WAYS: u64 = 4;

/// Writes and syncs of a run without a cut.
///
/// # Errors
/// What is not so that was promised.
pub fn operations() -> Result<u64, Violation> {
    run(u64::MAX, 0, None)
}

/// Runs the script with a power cut at one of its operations, both drawn from a seed.
///
/// # Errors
/// What is not so that was promised.
pub fn run_seed(seed: u64, bug: Option<Bug>) -> Result<u64, Violation> {
    let mut dice = Dice::new(seed, "store");
    let cut_at = dice.below(operations()?);
    run(cut_at, dice.below(WAYS), bug)
}

/// Runs the script with a power cut at that operation, which is survived in that way (0: nothing that was not synced is
/// there, 1: everything, else as the dice fall). How many operations there were.
///
/// # Errors
/// What is not so that was promised.
pub fn run(cut_at: u64, way: u64, bug: Option<Bug>) -> Result<u64, Violation> {
    let plate = match bug {
        Some(Bug::SyncsNothing) => Plate::lying(Lie::Sync),
        _ => Plate::default(),
    };
    plate.cut_after(cut_at);
    let mut play = Play {
        plate,
        server: Server::default(),
        dice: Dice::new(cut_at, "survival").of(way),
        way,
        bug,
    };
    let mut program = None;
    for step in SCRIPT {
        play.take(&mut program, *step)?;
    }
    drop(program);
    let audited = play.audit();
    // What the server found is what happened first.
    match play.server.broken() {
        None => audited.map(|()| play.plate.operations()),
        Some(violation) => Err(violation.clone()),
    }
}

/// What outlives the program.
struct Play {
    plate: Plate,
    server: Server,
    dice: Dice,
    way: u64,
    bug: Option<Bug>,
}

impl Play {
    /// Takes a step, with a new program if the power goes meanwhile.
    fn take(&mut self, program: &mut Option<Program>, step: Step) -> Result<(), Violation> {
        if program.is_none() {
            *program = Program::start(&self.plate, self.bug).ok();
        }
        let done = program.as_mut().map(|program| self.attempt(program, step));
        if let Some(Ok(())) = done {
            return Ok(());
        }
        if let Some(program) = program.take() {
            // What had left its machine arrives.
            self.server.hears(&program.to_server, &mut Vec::new());
        }
        self.survive();
        let mut restarted = self.restart()?;
        let refused = |error| broken(LOG_RULES, format!("the power is back, and {error}"));
        let again = matches!(step, Step::Type(_));
        restarted.connect(&mut self.server).map_err(refused)?;
        if again {
            // What was being typed is typed again if the person cannot see it.
            self.attempt(&mut restarted, step).map_err(refused)?;
        }
        *program = Some(restarted);
        Ok(())
    }

    fn attempt(&mut self, program: &mut Program, step: Step) -> io::Result<()> {
        let server = &mut self.server;
        match step {
            Step::Connect => program.connect(server),
            Step::Cut => program.cut(),
            Step::Type(lines) => {
                let (_, known) = history(&mut program.store)?;
                let is_new = |line: &&&str| known.iter().all(|(body, _)| body != **line);
                for line in lines.iter().filter(is_new) {
                    program.types(line)?;
                }
                Ok(())
            }
            Step::Hear(lines) => {
                let mut bytes = Vec::new();
                for line in lines {
                    server.says(line, &mut bytes);
                }
                program.input(Input::Received(&bytes))?;
                program.talk(server)
            }
            Step::Talk => program.talk(server),
            Step::Settle => program.store.settle().map(drop),
        }
    }

    fn survive(&mut self) {
        let Play {
            plate, dice, way, ..
        } = self;
        plate.power_cut_with(|_| match (*way, dice.below(3)) {
            (0, _) => Fate::Gone,
            (1, _) => Fate::There,
            (_, 0) => Fate::Gone,
            (_, 1) => Fate::There,
            _ => Fate::Torn(dice.roll()),
        });
    }

    fn restart(&self) -> Result<Program, Violation> {
        let refused = |why| broken(STORED, format!("what was kept is refused: {why}"));
        Program::start(&self.plate, self.bug).map_err(refused)
    }

    /// At the end everything is there once, and both sides know it.
    fn audit(&mut self) -> Result<(), Violation> {
        self.plate.power_cut_with(|_| Fate::Gone);
        let mut program = self.restart()?;
        let refused = |error: io::Error| broken(STORED, error.to_string());
        program.connect(&mut self.server).map_err(refused)?;
        let (messages, lines) = history(&mut program.store).map_err(refused)?;
        let bodies: Vec<&str> = lines.iter().map(|(body, _)| body.as_str()).collect();
        let expect = |holds: bool, rule, what: String| match holds {
            true => Ok(()),
            false => Err(broken(rule, what)),
        };
        let whole = messages == ["1", "2", "3", "4", "5", "6"];
        let rule = if messages.len() < 6 { NO_LOSS } else { STORED };
        expect(
            whole,
            rule,
            format!("of six messages {messages:?} are there"),
        )?;
        let whole = bodies == ["a", "b", "c", "d", "e", "f", "g"];
        expect(
            whole,
            NO_LOSS,
            format!("of seven lines {bodies:?} are there"),
        )?;
        let own = self.server.own();
        let same = own == bodies;
        expect(
            same,
            DUPLICATES,
            format!("the server has {own:?}, and the store {bodies:?}"),
        )?;
        for (body, state) in &lines {
            let accepted = matches!(state, LineState::Accepted { .. });
            expect(accepted, "G12 Answered", format!("{body} is {state}"))?;
        }
        Ok(())
    }
}
