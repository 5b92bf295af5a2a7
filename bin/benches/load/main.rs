//! The load program: what a server costs over loopback TCP, beside a plain relay that carries the same bodies, and
//! whether everything that it promised came true. Prints lines of JSON.
//!
//! `cargo bench -p verbatim --bench load -- pairs --level session`
#![forbid(unsafe_code)]

pub mod arguments;
pub mod audit;
pub mod behind;
pub mod bodies;
pub mod body;
pub mod churn;
pub mod classic;
pub mod client;
pub mod clock;
pub mod contest;
pub mod counters;
pub mod cuts;
pub mod cutter;
pub mod durable;
pub mod end;
pub mod fan_out;
pub mod home;
pub mod idle;
pub mod latency;
pub mod link;
pub mod local;
pub mod pairs;
pub mod ping_pong;
pub mod process;
pub mod relay;
pub mod report;
pub mod restart;
pub mod session;
pub mod speech;
pub mod stage;
pub mod stopped;
pub mod stored;
pub mod subject;

use arguments::{Arguments, Command};
use clap::Parser;
use contest::{contest, trial, with_server};
use home::Home;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
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
fn run(command: &Command) -> io::Result<bool> {
    match command {
        Command::Pairs(arguments) => contest(&arguments.comparison, &arguments.plan()),
        Command::PingPong(arguments) => {
            let plan = arguments.plan();
            plan.core.map_or(Ok(()), process::pin)?;
            contest(&arguments.comparison, &plan)
        }
        Command::FanOut(arguments) => contest(&arguments.comparison, &arguments.plan()),
        Command::Idle(arguments) => {
            process::raise_open_files()?;
            contest(&arguments.comparison, &arguments.plan())
        }
        Command::StoppedReader(arguments) => {
            contest(&arguments.comparison, &stopped::Plan(arguments.plan()))
        }
        Command::Churn(arguments) => contest(&arguments.comparison, &arguments.plan()),
        Command::Cuts(arguments) => {
            let (plan, comparison) = (arguments.plan(), &arguments.comparison);
            let round = || with_server(comparison, |target| plan.play(target));
            trial(("cuts", plan.parameters()), comparison.rounds, round)
        }
        Command::Restart(arguments) => {
            process::raise_open_files()?;
            let (plan, comparison) = (arguments.plan(), &arguments.comparison);
            let round = || {
                let home = Home::of(comparison)?;
                let mut further = home.arguments();
                further.extend_from_slice(&comparison.further);
                plan.play(&comparison.server, &further)
            };
            trial(("restart", plan.parameters()), comparison.rounds, round)
        }
        Command::Durable(arguments) => {
            let (plan, comparison) = (arguments.durable(), &arguments.comparison);
            let round = || plan.play(&comparison.server, &comparison.further);
            trial(("durable", plan.parameters()), comparison.rounds, round)
        }
        Command::Stored(arguments) => {
            let (plan, comparison) = (arguments.plan(), &arguments.comparison);
            let round = || plan.play(&comparison.server, &comparison.further);
            trial(("stored", plan.parameters()), comparison.rounds, round)
        }
        Command::Relay { wiring } => relay::serve(*wiring).map(|()| true),
    }
}
