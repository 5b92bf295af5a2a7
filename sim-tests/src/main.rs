//! The simulator as a program: sweeps seeds, replays plans, makes failing ones small.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    sim_tests::program::main()
}
