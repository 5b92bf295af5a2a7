//! The power goes at every write and at every sync of a scripted run, and comes back: nothing is lost, nothing is there
//! twice, and no id stands for two lines.

use crate::plate::Plate;
use crate::server::Server;
use crate::stage::{Program, history};
use std::io;
use verbatim_core::client::{Input, LineState};

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

fn step(program: &mut Program, server: &mut Server, step: Step) -> io::Result<()> {
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

/// Runs the script with a power cut at that operation; how many operations there were.
fn run(cut_at: u64, mode: u64) -> u64 {
    let (plate, mut server) = (Plate::default(), Server::default());
    plate.cut_at(cut_at);
    let mut dice = cut_at.wrapping_mul(2_654_435_761) ^ mode;
    let mut survives = |_| match mode {
        0 => false,
        1 => true,
        _ => {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            dice >> 63 == 1
        }
    };
    let mut program = None;
    let mut steps = SCRIPT.iter().copied();
    let mut now = steps.next();
    while let Some(doing) = now {
        let done = match &mut program {
            Some(program) => step(program, &mut server, doing).is_ok(),
            None => match Program::start(&plate) {
                Ok(started) => {
                    program = Some(started);
                    continue;
                }
                Err(_) => false,
            },
        };
        if done {
            now = steps.next();
            continue;
        }
        drop(program);
        plate.power_on(&mut survives);
        // What was being typed is typed again if the person cannot see it; the rest goes on.
        let again = matches!(doing, Step::Type(_));
        if !again {
            now = steps.next();
        }
        let mut restarted = Program::start(&plate).expect("what was kept can be opened");
        restarted.connect(&mut server).expect("the power is back");
        program = Some(restarted);
    }
    drop(program);
    audit(&plate, &mut server, cut_at);
    plate.operations()
}

fn audit(plate: &Plate, server: &mut Server, cut_at: u64) {
    plate.power_on(|_| false);
    let mut program = Program::start(plate).unwrap();
    program.connect(server).unwrap();
    let (messages, lines) = history(&mut program.store).unwrap();
    assert_eq!(messages, ["1", "2", "3", "4", "5", "6"], "cut at {cut_at}");
    let bodies: Vec<&str> = lines.iter().map(|(body, _)| body.as_str()).collect();
    assert_eq!(
        bodies,
        ["a", "b", "c", "d", "e", "f", "g"],
        "cut at {cut_at}"
    );
    assert_eq!(server.own(), bodies, "cut at {cut_at}");
    for (body, state) in &lines {
        let accepted = matches!(state, LineState::Accepted { .. });
        assert!(accepted, "cut at {cut_at}: {body} is {state}");
    }
}

#[test]
fn a_power_cut_at_any_operation_loses_and_doubles_nothing() {
    let operations = run(u64::MAX, 0);
    assert!(operations > 100, "{operations}");
    for mode in 0..3 {
        for cut_at in 0..operations {
            run(cut_at, mode);
        }
    }
}
