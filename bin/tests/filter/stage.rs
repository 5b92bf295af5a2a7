//! Programs started for a test: bounded in time, ended with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server of its own for one test.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    pub fn start() -> Server {
        Server::start_at("127.0.0.1:0")
    }

    /// A server that listens there.
    pub fn start_at(address: &str) -> Server {
        Server::start_with(&["--listen", address, "--engine", "memory"])
    }

    /// The same with its log in that directory.
    pub fn start_on(log: &Path, address: &str) -> Server {
        let log = log.to_str().unwrap();
        Server::start_with(&["--listen", address, "--data", log])
    }

    fn start_with(arguments: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_verbatimd"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Server { child, address }
    }

    /// A user at once, with its lines.
    pub fn user(&self, name: &str, more: &[&str]) -> User {
        let mut arguments = vec![name, &self.address];
        arguments.extend(more);
        User::start(&arguments, &scratch("nothing"))
    }

    /// Somebody who stays and hears.
    pub fn listener(&self, name: &str) -> User {
        let user = self.user(name, &["--follow"]);
        user.expect_trouble("online as");
        user
    }

    /// A connection for frames written by hand.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A running client.
pub struct User {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    troubles: Receiver<String>,
}

impl User {
    pub fn start(arguments: &[&str], state: &PathBuf) -> User {
        let mut child = Command::new(env!("CARGO_BIN_EXE_verbatim"))
            .args(arguments)
            .env("XDG_STATE_HOME", state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        User {
            input: child.stdin.take(),
            lines: lines_of(child.stdout.take().unwrap()),
            troubles: lines_of(child.stderr.take().unwrap()),
            child,
        }
    }

    pub fn type_line(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The same, of one who may be dead.
    pub fn may_type(&mut self, lines: &str) {
        let input = self.input.as_mut().unwrap();
        drop(input.write_all(lines.as_bytes()));
    }

    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// The next line on standard output.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line in time")
    }

    /// Waits for a line on standard error with `part` in it.
    pub fn expect_trouble(&self, part: &str) -> String {
        loop {
            let said = self.troubles.recv_timeout(PATIENCE);
            let said = said.unwrap_or_else(|_| panic!("nobody said {part:?}"));
            if said.contains(part) {
                return said;
            }
        }
    }

    /// Everything that it has written and nobody has read yet; after its end, all of it.
    pub fn rest(&self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            rest.push(line);
        }
        rest
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&self) {
        let id = nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
    }

    /// Its exit code, once it has ended by itself.
    pub fn code(&mut self) -> i32 {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("it ended by itself");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end");
    }
}

impl Drop for User {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (told, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if told.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Runs a client over some input to its end.
pub fn run(arguments: &[&str], input: &[u8]) -> Output {
    run_in(&scratch("nothing"), arguments, input)
}

/// The same with a place for its store.
pub fn run_in(state: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_verbatim"))
        .args(arguments)
        .env("XDG_STATE_HOME", state)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A client that ends early reads no more.
    drop(child.stdin.take().unwrap().write_all(input));
    child.wait_with_output().unwrap()
}

/// A directory for one test, empty at first.
pub fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("verbatim-filter-{name}-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&path));
    path
}

/// A server that says `words` to each connection and nothing more.
pub fn scripted(words: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            drop(stream.write_all(words.as_bytes()));
            open.push(stream);
        }
    });
    address
}
