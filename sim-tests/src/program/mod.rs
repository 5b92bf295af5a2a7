//! The simulator as a program. Results go to the standard output, what goes wrong with the request to the standard
//! error, in one line. It ends with 0 when nothing is wrong, with 1 when a run broke a guarantee, with 2 when it could
//! not do what was asked.
#![allow(clippy::print_stderr)]

mod kill_matrix;
mod lines;
mod picture;
mod probes;
mod progress;
mod replay;
mod say;
mod shrink;
mod sweep;
mod targets;
mod which;

use crate::run::Substrate;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Verbatim, simulated: every promise of the delivery contract, checked in runs drawn from seeds.
#[derive(Parser)]
#[command(name = "sim-tests", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run one seed after the other and judge each run.
    Sweep(sweep::Sweep),
    /// Run one plan and tell all that happens.
    Replay(replay::Replay),
    /// Make a failing plan as small as it can be.
    Shrink(shrink::Shrink),
    /// Plant one bug after the other and tell how each is caught.
    KillMatrix(kill_matrix::KillMatrix),
    /// Tell how often runs came through rare states, the rarest first; ends with 1 if one was never reached.
    Probes(probes::Probes),
    /// Measure what there are targets for.
    Targets(targets::Targets),
    /// Draw a run, as one HTML file.
    Picture(picture::Picture),
    /// Print the plan of a seed, to be edited and run.
    Plan(which::Which),
}

/// How a request ended that could be carried out.
enum Verdict {
    Kept,
    Broken,
}

/// Why a request could not be carried out.
#[derive(Debug)]
enum Trouble {
    /// In one line.
    Words(String),
    /// Nobody reads the standard output any more, which is no trouble of whoever closed it.
    Unheard,
}

impl From<String> for Trouble {
    fn from(words: String) -> Trouble {
        Trouble::Words(words)
    }
}

/// What carries a run, as it is called on the command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum On {
    /// The cores alone, in a world of events.
    Events,
    /// The server and the client driver that ship, on turmoil.
    Turmoil,
    /// The same over real TCP on loopback, in real time. For plans without faults.
    Loopback,
}

impl On {
    /// The option that asks for it, where it is not what is meant without.
    fn option(self) -> &'static str {
        match self {
            On::Events => "",
            On::Turmoil => " --on turmoil",
            On::Loopback => " --on loopback",
        }
    }
}

impl From<On> for Substrate {
    fn from(on: On) -> Substrate {
        match on {
            On::Events => Substrate::Events,
            On::Turmoil => Substrate::Turmoil,
            On::Loopback => Substrate::Loopback,
        }
    }
}

/// Carries out what the command line asks for.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Sweep(sweep) => sweep.carry_out(),
        Command::Replay(replay) => replay.carry_out(),
        Command::Shrink(shrink) => shrink.carry_out(),
        Command::KillMatrix(matrix) => matrix.carry_out(),
        Command::Probes(probes) => probes.carry_out(),
        Command::Targets(targets) => targets.carry_out(),
        Command::Picture(picture) => picture.carry_out(),
        Command::Plan(which) => print(&which),
    };
    match done {
        Ok(Verdict::Kept) => ExitCode::SUCCESS,
        Ok(Verdict::Broken) => ExitCode::from(1),
        Err(Trouble::Words(words)) => {
            eprintln!("sim-tests: {words}");
            ExitCode::from(2)
        }
        Err(Trouble::Unheard) => ExitCode::from(2),
    }
}

fn print(which: &which::Which) -> Result<Verdict, Trouble> {
    say::put(format_args!("{}", which.plan()?))?;
    Ok(Verdict::Kept)
}
