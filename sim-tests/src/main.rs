//! The simulator as a program: sweeps seeds, replays plans, makes failing ones small.
#![forbid(unsafe_code)]

use std::process::ExitCode;

// A run makes and drops some thousands of small things; the system's allocator takes a sixth of its time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sim_tests::program::main()
}
