//! Reads a trace of the server's system calls, and shows that every answer and every delivery that left on a connection
//! was preceded by syncs that cover its record.
//!
//! `cargo bench -p verbatim --bench trace` needs `strace` (on Debian and its kin: `apt-get install strace`) and the right
//! to trace one's own processes.
#![forbid(unsafe_code)]

pub mod calls;
#[path = "../../tests/common/mod.rs"]
mod common;
pub mod order;
pub mod said;
mod traced;
mod traffic;

use clap::Parser;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Shows from a trace of system calls that whatever the server called accepted was synced before.
#[derive(Debug, Parser)]
#[command(name = "trace")]
struct Arguments {
    /// Messages that each of four users sends, first one at a time and then with 64 in flight.
    #[arg(long, default_value_t = 400)]
    messages: u64,
    /// Judge a trace that is there already (`strace -f -xx -s 1000000 -e trace=openat,accept4,write,writev,sendto,sendmsg,pwrite64,fdatasync,fsync -o FILE`).
    #[arg(long, value_name = "FILE")]
    read: Option<PathBuf>,
    /// What `cargo bench` adds; it changes nothing.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            // Where standard error is gone too, the exit code must do.
            let _ = writeln!(io::stderr(), "trace: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Says whether all was as promised.
fn run(arguments: &Arguments) -> io::Result<bool> {
    let trace = match &arguments.read {
        Some(file) => std::fs::read_to_string(file)?,
        None => traced::record(|address| traffic::play(address, arguments.messages))?,
    };
    let verdict = order::judge(&calls::calls(&trace));
    let mut output = io::stdout().lock();
    writeln!(output, "{verdict}")?;
    Ok(verdict.holds())
}
