//! The program under measurement: started, found, measured, stopped.

use super::process;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a server prints, once, before its address.
pub const LISTENING: &str = "listening on ";

/// How long a server may take to end after it was asked to.
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(10);

/// A program that serves: where it listens, and what it costs.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process.
    pub pid: u32,
}

impl Target {
    /// Its processor time so far, in nanoseconds.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu_nanos(&self) -> io::Result<u64> {
        process::cpu_nanos(self.pid)
    }

    /// Its resident memory, in KiB.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_kib(&self) -> io::Result<u64> {
        process::resident_kib(self.pid)
    }
}

/// A server or relay that we started. It ends with this value at the latest.
#[derive(Debug)]
pub struct Subject {
    child: Child,
    address: SocketAddr,
}

impl Subject {
    /// Starts a program and waits until it says where it listens.
    ///
    /// # Errors
    /// When it cannot be started, or does not say `listening on ADDR:PORT` first.
    pub fn start<A: AsRef<OsStr>>(program: &Path, arguments: &[A]) -> io::Result<Subject> {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| {
                io::Error::other(format!("cannot start {}: {why}", program.display()))
            })?;
        let output = child.stdout.take().expect("asked for above");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().strip_prefix(LISTENING).map(str::parse);
        let Some(Ok(address)) = address else {
            child.kill()?;
            child.wait()?;
            let why = format!("{} said {line:?}, not where it listens", program.display());
            return Err(io::Error::other(why));
        };
        Ok(Subject { child, address })
    }

    /// What is measured of it.
    pub fn target(&self) -> Target {
        Target {
            address: self.address,
            pid: self.child.id(),
        }
    }

    /// Ends it without a word, as a crash does.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Asks it to end and waits.
    ///
    /// # Errors
    /// When it does not end within ten seconds.
    pub fn stop(mut self) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        kill(Pid::from_raw(pid), Signal::SIGTERM)?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            if asked.elapsed() > GOODBYE_TIME_MAX {
                return Err(io::Error::other(
                    "the program did not end within 10 s of SIGTERM",
                ));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Nothing can be done about a process that will not die, and the round's result is known by now.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
