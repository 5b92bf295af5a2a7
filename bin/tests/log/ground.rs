//! A directory for one test, and what is done with it.

use crate::common::server::Server;
use crate::common::session::Session;
use nix::sys::signal::Signal;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use verbatim_core::wire::ServerFrame;

/// A fresh directory that goes with this value.
pub struct Ground {
    pub folder: PathBuf,
}

impl Ground {
    pub fn prepare(name: &str) -> Ground {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("log-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Ground { folder }
    }

    /// Where a server with that log keeps it.
    pub fn data(&self) -> String {
        self.folder.join("log").to_str().unwrap().to_owned()
    }

    /// The log's file.
    pub fn file(&self) -> PathBuf {
        self.folder.join("log").join("log.redb")
    }

    pub fn server(&self) -> Server {
        Server::start_with(&["--data", &self.data()])
    }

    /// Runs one of the operator's commands.
    pub fn command(&self, words: &[&str]) -> Output {
        command(words, &self.data())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Runs one of the operator's commands on some directory.
pub fn command(words: &[&str], data: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_verbatimd"))
        .args(words)
        .args(["--data", data])
        .output()
        .unwrap()
}

/// What a command wrote, if it went well.
#[track_caller]
pub fn said(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The one line that a command or a server ended with, if it ended with that code.
#[track_caller]
pub fn refused(output: &Output, code: i32) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    assert!(output.stdout.is_empty());
    told
}

/// Ends a server by its own goodbye.
#[track_caller]
pub fn end(server: Server) {
    server.signal(Signal::SIGTERM);
    assert_eq!(server.ended().0.code(), Some(0));
}

/// Sends a line and waits for its acceptance.
#[track_caller]
pub fn tell(session: &mut Session, to: &str, id: u64, body: &str) {
    session.send(to, id, body);
    loop {
        match session.next() {
            ServerFrame::Accepted { last, .. } if last.0 == id => return,
            ServerFrame::Deliver(_) | ServerFrame::Receipt(_) => {}
            other => panic!("line {id} is answered with {other}"),
        }
    }
}
