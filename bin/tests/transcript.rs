//! The transcript of the server that ships: every frame with its body, in a new file that only its owner can read.
#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

fn verbatimd(transcript: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_verbatimd"))
        .args([
            "--listen",
            "127.0.0.1:0",
            "--engine",
            "memory",
            "--transcript",
        ])
        .arg(transcript)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server was built for this test")
}

fn new_path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

#[test]
fn every_frame_is_in_a_file_for_its_owner_alone() {
    let path = new_path("every_frame.transcript");
    let mut server = verbatimd(&path);
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let mut stream =
        TcpStream::connect(line.trim().strip_prefix("listening on ").unwrap()).unwrap();
    stream
        .write_all(b"SEND bob\nContent-length: 6\n\nsecret")
        .unwrap();
    let mut answer = [0; 30];
    stream.read_exact(&mut answer).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let transcript = fs::read_to_string(&path).unwrap();
    assert!(
        transcript.contains("c1       > SEND bob (6 bytes) \"secret\""),
        "{transcript}"
    );
    assert!(transcript.contains("c1       < ERROR 101"), "{transcript}");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let path = new_path("there_already.transcript");
    fs::write(&path, "mine").unwrap();
    let refused = verbatimd(&path).wait_with_output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("cannot create the transcript") && told.contains("--transcript"),
        "{told}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}
