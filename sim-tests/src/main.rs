//! The simulator as a program: sweeps seeds, replays plans, makes failing ones small.
#![forbid(unsafe_code)]

use std::process::ExitCode;

/// A run makes thousands of small things and drops them all at its end: this allocator takes a third of the instructions
/// that the system's takes for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sim_tests::program::main()
}
