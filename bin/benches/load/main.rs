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
mod contest;
mod end;
#[cfg(test)]
mod faulty;
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

use arguments::{Arguments, Command};
use clap::Parser;
use contest::contest;
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
        Command::Relay { wiring } => relay::serve(*wiring).map(|()| true),
    }
}
