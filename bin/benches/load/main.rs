//! The load program: what a server costs over loopback TCP, beside a plain relay that carries the same bodies, and
//! whether everything that it promised came true. Prints lines of JSON.
//!
//! `cargo bench -p verbatim --bench load -- pairs --level session`
#![forbid(unsafe_code)]

mod arguments;
mod audit;
mod bodies;
mod body;
mod classic;
mod clock;
mod end;
mod latency;
mod link;
mod pairs;
mod ping_pong;
mod process;
mod relay;
mod report;
mod session;
mod speech;
mod stage;
mod subject;

use arguments::{Arguments, Comparison, LevelName, PairsArguments, PingPongArguments, Scenario};
use clap::Parser;
use report::{Outcome, Side, Title, compare};
use std::io::{self, Write};
use std::process::ExitCode;
use subject::Subject;

fn main() -> ExitCode {
    match run(&Arguments::parse().scenario) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            // Where standard error is gone too, the exit code must do.
            let _ = writeln!(io::stderr(), "load: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a scenario; says whether its audits were clean.
fn run(scenario: &Scenario) -> io::Result<bool> {
    match scenario {
        Scenario::Pairs(arguments) => pairs(arguments),
        Scenario::PingPong(arguments) => ping_pong(arguments),
        Scenario::Relay { wiring } => relay::serve(*wiring).map(|()| true),
    }
}

fn pairs(arguments: &PairsArguments) -> io::Result<bool> {
    let comparison = &arguments.comparison;
    let plan = arguments.plan();
    let title = Title {
        scenario: "pairs",
        level: comparison.level.name(),
        parameters: vec![
            ("pairs", plan.pairs as f64),
            ("in_flight", plan.in_flight as f64),
            ("bytes", plan.bytes as f64),
            ("seconds", plan.seconds),
        ],
        rounds: comparison.rounds,
    };
    let ratios = ["cpu_ns_per_answered", "answered_per_second"];
    compare(&title, &ratios, |side| {
        measured(
            comparison,
            side,
            relay::Wiring::Pairs,
            |level, subject| match level {
                Speaks::Bodies => pairs::run(&bodies::Bodies { bytes: plan.bytes }, subject, &plan),
                Speaks::Session => pairs::run(&session::Session::default(), subject, &plan),
                Speaks::Classic => pairs::run(&classic::Classic, subject, &plan),
            },
        )
    })
}

fn ping_pong(arguments: &PingPongArguments) -> io::Result<bool> {
    let comparison = &arguments.comparison;
    if !arguments.unpinned {
        process::pin(arguments.core)?;
    }
    let plan = ping_pong::Plan {
        bytes: comparison.body_bytes(),
        seconds: comparison.seconds,
    };
    let title = Title {
        scenario: "ping-pong",
        level: comparison.level.name(),
        parameters: vec![
            ("bytes", plan.bytes as f64),
            ("seconds", plan.seconds),
            ("pinned", f64::from(u8::from(!arguments.unpinned))),
        ],
        rounds: comparison.rounds,
    };
    compare(&title, &["median_us", "p99_us"], |side| {
        measured(
            comparison,
            side,
            relay::Wiring::Pairs,
            |level, subject| match level {
                Speaks::Bodies => {
                    ping_pong::run(&bodies::Bodies { bytes: plan.bytes }, subject, &plan)
                }
                Speaks::Session => ping_pong::run(&session::Session::default(), subject, &plan),
                Speaks::Classic => ping_pong::run(&classic::Classic, subject, &plan),
            },
        )
    })
}

/// What the subject of a round speaks.
enum Speaks {
    Bodies,
    Session,
    Classic,
}

/// Starts what is to be measured, measures it, and stops it.
fn measured(
    comparison: &Comparison,
    side: Side,
    wiring: relay::Wiring,
    measure: impl FnOnce(Speaks, &Subject) -> io::Result<Outcome>,
) -> io::Result<Outcome> {
    let subject = match side {
        Side::Relay => {
            let arguments = ["relay", wiring.name()];
            Subject::start(&std::env::current_exe()?, &arguments)?
        }
        Side::Server => Subject::start(&comparison.server, &comparison.server_arguments())?,
    };
    let speaks = match (side, comparison.level) {
        (Side::Relay, _) => Speaks::Bodies,
        (Side::Server, LevelName::Session) => Speaks::Session,
        (Side::Server, LevelName::Classic) => Speaks::Classic,
    };
    let outcome = measure(speaks, &subject)?;
    match side {
        // A relay has no goodbye: it ends with its process.
        Side::Relay => drop(subject),
        Side::Server => subject.stop()?,
    }
    Ok(outcome)
}
