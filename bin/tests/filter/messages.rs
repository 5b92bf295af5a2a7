//! What goes in comes out, once, in order, and as text.

use crate::stage::{Server, User, run, scratch};
use std::io::{Read, Write};

#[test]
fn lines_in_and_plain_lines_out() {
    let server = Server::start();
    let bob = server.listener("bob");
    let sent = run(
        &["alice", &server.address],
        b"@bob: hi\n@BOB and hi\n@ALL: to all\n",
    );
    assert_eq!(sent.status.code(), Some(0));
    assert_eq!(sent.stdout, b"");
    let told = String::from_utf8(sent.stderr).unwrap();
    assert_eq!(told.matches(": accepted\n").count(), 3, "{told}");
    let heard = [bob.line(), bob.line(), bob.line()];
    assert_eq!(
        heard,
        ["alice: hi", "alice: and hi", "alice -> ALL: to all"]
    );
}

#[test]
fn it_listens_while_its_input_is_open() {
    let server = Server::start();
    let mut bob = server.user("bob", &[]);
    bob.expect_trouble("online as");
    run(&["alice", &server.address], b"@bob: ping\n");
    assert_eq!(bob.line(), "alice: ping");
    let alice = server.listener("alice");
    bob.type_line("@alice: pong");
    assert_eq!(alice.line(), "bob: pong");
    bob.end_input();
    assert_eq!(bob.code(), 0);
}

#[test]
fn a_long_input_arrives_whole_and_in_order() {
    const LINES: usize = 3_000;
    let server = Server::start();
    let bob = server.listener("bob");
    let input: String = (0..LINES).map(|line| format!("@bob: {line}\n")).collect();
    let sent = run(&["alice", &server.address, "-q"], input.as_bytes());
    assert_eq!(sent.status.code(), Some(0));
    for line in 0..LINES {
        assert_eq!(bob.line(), format!("alice: {line}"));
    }
}

#[test]
fn nothing_received_steers_a_terminal_or_forges_a_line() {
    let server = Server::start();
    let bob = server.listener("bob");
    let body = "hi\ncarol: forged\r\u{1b}[2J\u{9b}\u{202e}\u{2028}\u{7f}\t.";
    let mut mallory = server.connect();
    let hello =
        "HELLO 1\nUser: mallory\nDevice: 000102030405060708090a0b0c0d0e0f\nTry: 1\nKeep: no\n\n";
    let send = format!("SEND bob\nId: 1\nContent-length: {}\n\n{body}", body.len());
    mallory.write_all(hello.as_bytes()).unwrap();
    mallory.read_exact(&mut [0; 9]).unwrap();
    mallory.write_all(send.as_bytes()).unwrap();
    assert_eq!(
        bob.line(),
        "mallory: hi\\ncarol: forged\\r\\u{1b}[2J\\u{9b}\\u{202e}\\u{2028}\\u{7f}\\t."
    );
}

#[test]
fn the_last_line_needs_no_end_and_an_empty_one_is_nothing() {
    let server = Server::start();
    let bob = server.listener("bob");
    let sent = run(&["alice", &server.address], b"\n\r\n@bob: a\r\n@bob: b");
    assert_eq!(sent.status.code(), Some(0));
    assert_eq!([bob.line(), bob.line()], ["alice: a", "alice: b"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let server = Server::start();
    let script = format!(
        "exec \"$0\" bob {} --follow < /dev/null | head -n 1",
        server.address
    );
    let shell = std::process::Command::new("bash")
        .args([
            "-c",
            &format!("set -o pipefail; {script}"),
            env!("CARGO_BIN_EXE_verbatim"),
        ])
        .env("XDG_STATE_HOME", scratch("nothing"))
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // One line ends `head`, the next finds the pipe broken.
    let sends = |body: &str| loop {
        let line = format!("@bob: {body}\n");
        if run(&["alice", &server.address], line.as_bytes())
            .status
            .success()
        {
            return;
        }
    };
    sends("one");
    sends("two");
    let ended = shell.wait_with_output().unwrap();
    assert_eq!(ended.stdout, b"alice: one\n");
    assert_eq!(ended.status.code(), Some(0));
}

#[test]
fn a_signal_ends_it_and_frees_the_name_at_once() {
    let server = Server::start();
    let mut bob = server.listener("bob");
    bob.terminate();
    assert_eq!(bob.code(), 0);
    let again: User = server.listener("bob");
    drop(again);
}

#[test]
fn who_is_answered_before_the_end() {
    let server = Server::start();
    let _bob = server.listener("bob");
    let asked = run(&["alice", &server.address], b"/who\n");
    let told = String::from_utf8(asked.stderr).unwrap();
    assert!(told.contains("there: alice, bob"), "{told}");
}

#[test]
fn a_line_is_taken_back_while_it_is_queued_and_not_later() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = gone.local_addr().unwrap().to_string();
    drop(gone);
    let input = b"/withdraw\n@bob: one\n@bob: two\n/withdraw 99\n/withdraw\n/withdraw 2\n";
    let ended = run(&["alice", &nobody, "--wait", "5"], input);
    let told = String::from_utf8(ended.stderr).unwrap();
    for said in [
        "no line is queued",
        "line 99 is not queued",
        "line 2 to bob: withdrawn: never sent",
        "line 3 to bob: withdrawn: never sent",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!(ended.status.code(), Some(0), "nothing is left to wait for");

    let server = Server::start();
    let _bob = server.listener("bob");
    let mut alice = server.user("alice", &["--follow"]);
    alice.type_line("@bob: one");
    alice.expect_trouble("line 1 to bob: accepted");
    alice.type_line("/withdraw 1");
    alice.expect_trouble("line 1 is not queued: what has gone out cannot be taken back");
}
