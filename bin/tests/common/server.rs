//! The real `verbatimd`, on a free port of loopback: started, listened to on standard error, ended by its pid.

use super::PATIENCE;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_verbatimd");

/// A running server. It ends with this value at the latest.
pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: Arc<Log>,
    /// Where it listens.
    pub address: SocketAddr,
}

/// What it has said on standard error so far.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Server {
    /// A server with the defaults of its command line.
    pub fn start() -> Server {
        Server::start_with(&[])
    }

    /// A server with these arguments too.
    pub fn start_with(arguments: &[&str]) -> Server {
        Server::start_at("127.0.0.1:0", arguments)
    }

    /// A server that may have so many descriptors and no more.
    pub fn start_with_descriptors(count: u32) -> Server {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {count}; exec \"$0\" --engine memory --listen 127.0.0.1:0");
        command.args(["-c", &script, PROGRAM]);
        Server::spawn(&mut command)
    }

    /// A server that may write no file beyond so many bytes.
    pub fn start_with_file_bytes(bytes: u32, arguments: &[&str]) -> Server {
        let mut command = Command::new("sh");
        let script = "trap '' XFSZ; exec prlimit --fsize=\"$1\":unlimited \"$0\" --listen 127.0.0.1:0 \"$2\" \"$3\"";
        command
            .args(["-c", script, PROGRAM, &bytes.to_string()])
            .args(arguments);
        Server::spawn(&mut command)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A server at a given address.
    pub fn start_at(listen: &str, arguments: &[&str]) -> Server {
        Server::spawn(&mut command(listen, arguments))
    }

    fn spawn(command: &mut Command) -> Server {
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("verbatimd can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let log = read_log(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        stdout
            .read_line(&mut line)
            .expect("standard output is text");
        let address = line.trim_end().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("it said {line:?}, not where it listens"));
        let address = address.parse().expect("an address and a port");
        Server {
            child,
            stdout,
            log,
            address,
        }
    }

    /// Runs a server that is expected to end by itself, and gives what it said.
    pub fn refused(listen: &str, arguments: &[&str]) -> Output {
        command(listen, arguments)
            .stdin(Stdio::null())
            .output()
            .expect("verbatimd can be started")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("pids are small");
        kill(Pid::from_raw(pid), signal).expect("it is still there");
    }

    /// Waits until it has ended; gives its exit status and the rest of its standard output.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                let mut rest = String::new();
                self.stdout
                    .read_to_string(&mut rest)
                    .expect("standard output is text");
                return (status, rest);
            }
            assert!(asked.elapsed() < PATIENCE, "verbatimd does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for a line on standard error.
    pub fn wait_for_line(&self, is_it: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        let mut lines = self.log.lines.lock().expect("no reader panics");
        loop {
            if let Some(line) = lines.iter().find(|line| is_it(line)) {
                return line.clone();
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            assert!(!left.is_zero(), "no such line among {lines:#?}");
            let waited = self.log.more.wait_timeout(lines, left);
            lines = waited.expect("no reader panics").0;
        }
    }

    /// What it has said on standard error so far.
    pub fn lines(&self) -> Vec<String> {
        self.log.lines.lock().expect("no reader panics").clone()
    }

    /// Its resident memory, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it is still there");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        kib.and_then(|kib| kib.parse().ok())
            .expect("the system tells it")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Nothing can be done about a process that will not die.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn command(listen: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", listen]).args(arguments);
    // What is tested here is how the server speaks; tests of the log on disk name a directory of their own.
    let says_where = |argument: &&str| ["--data", "--engine"].contains(argument);
    if !arguments.iter().any(says_where) {
        command.args(["--engine", "memory"]);
    }
    command
}

fn read_log(stderr: ChildStderr) -> Arc<Log> {
    let log = Arc::new(Log::default());
    let ours = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            log.lines.lock().expect("no reader panics").push(line);
            log.more.notify_all();
        }
    });
    ours
}
