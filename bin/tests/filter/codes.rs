//! The exit codes that the help tells.

use crate::stage::{Server, run, scripted};

const WELCOME: &str = "WELCOME 1\nUser: alice\nStore: 9\nEpoch: 5\nLevel: memory\nHead: 0\n\
                       Heartbeat: 5000 15000\nBody-max: 9\nSend-window: 64\nLast: 0\nCursor: 0\n\n";

fn code(arguments: &[&str], input: &str) -> (i32, String) {
    let ended = run(arguments, input.as_bytes());
    let told = String::from_utf8(ended.stderr).unwrap();
    (ended.status.code().unwrap(), told)
}

#[test]
fn nothing_to_do_is_done() {
    let server = Server::start();
    assert_eq!(code(&["alice", &server.address], "").0, 0);
}

#[test]
fn a_rejected_line_is_3() {
    let server = Server::start();
    let _bob = server.listener("bob");
    let (code, told) = code(&["alice", &server.address], "@nobody: x\n@bob: y\n");
    assert_eq!(code, 3);
    assert!(
        told.contains("line 1 to nobody: rejected: 102 Unable to send"),
        "{told}"
    );
    assert!(told.contains("line 2 to bob: accepted"), "{told}");
}

#[test]
fn a_line_that_means_nothing_is_4_and_shown_back_and_the_rest_goes_on() {
    let server = Server::start();
    let bob = server.listener("bob");
    let (code, told) = code(&["alice", &server.address], "what \u{1b}[1m\n@bob: y\n");
    assert_eq!((code, bob.line()), (4, "alice: y".into()));
    assert!(
        told.contains("what \\u{1b}[1m") && told.contains("@bob: hi"),
        "{told}"
    );
}

#[test]
fn a_line_without_an_answer_is_5() {
    let mute = scripted(WELCOME);
    let (code, told) = code(&["alice", &mute, "--wait", "0.3"], "@bob: x\n");
    assert_eq!(code, 5);
    assert!(told.contains("line 1 to bob: unknown"), "{told}");
}

#[test]
fn a_line_that_expires_is_5() {
    let full = scripted("ERROR 150 Busy\nRetry-after: 60000\n\n");
    let (code, told) = code(&["alice", &full, "--expire", "0.2"], "@bob: x\n");
    assert!(
        told.contains("line 1 to bob: expired: never sent"),
        "{told}"
    );
    assert_eq!(code, 7, "and the server was never reached");
}

#[test]
fn a_taken_name_is_6_and_can_be_waited_for() {
    let server = Server::start();
    let bob = server.listener("bob");
    let (taken, told) = code(&["bob", &server.address], "@bob: x\n");
    assert_eq!(taken, 6);
    assert!(told.contains("another device holds this name"), "{told}");
    assert!(
        told.contains("line 1 to bob: not sent: the server refused this client"),
        "{told}"
    );
    let waits = ["bob", &server.address, "--wait", "0.5", "--wait-for-name"];
    assert_eq!(code(&waits, "@bob: x\n").0, 6, "it is taken all the time");
    let mut waiting = server.user("bob", &["--wait-for-name", "--follow"]);
    waiting.expect_trouble("another device holds the name");
    bob.terminate();
    waiting.expect_trouble("online as bob");
    waiting.terminate();
    assert_eq!(waiting.code(), 0);
}

#[test]
fn a_server_of_another_kind_is_6() {
    let seed = scripted("ERROR 101 No user registered\n\n");
    let (code, told) = code(&["alice", &seed], "@bob: x\n");
    assert_eq!(code, 6);
    assert!(told.contains("refuses this client: 101"), "{told}");
}

#[test]
fn no_server_is_7() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let (code, told) = code(&["alice", &nobody, "--wait", "0.3"], "@bob: x\n");
    assert_eq!(code, 7);
    assert!(told.contains("connection refused"), "{told}");
    assert!(told.contains("line 1 to bob: not sent"), "{told}");
}

#[test]
fn a_question_that_nobody_answers_is_7_or_5() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let (who, told) = code(&["alice", &nobody, "--wait", "0.3"], "/who\n");
    assert_eq!(who, 7, "{told}");
    assert!(told.contains("nobody answered who is there"), "{told}");
    let begins = ["alice", &nobody, "--wait", "0.3", "--history", "3"];
    assert_eq!(code(&begins, "").0, 7);
    let mute = scripted(WELCOME);
    let (who, told) = code(&["alice", &mute, "--wait", "0.3"], "/who\n");
    assert_eq!(who, 5, "{told}");
    let (history, told) = code(&["alice", &mute, "--wait", "0.3"], "/history ALL\n");
    assert_eq!(history, 5, "{told}");
}

#[test]
fn a_wrong_command_line_is_2() {
    for arguments in [
        &["not a name"] as &[&str],
        &["ALL"],
        &[],
        &["alice", "host:port"],
        &["alice", "--wait", "soon"],
        &["alice", "--history", "abc"],
        &["alice", "--store", "--no-store"],
    ] {
        assert_eq!(code(arguments, "").0, 2, "{arguments:?}");
    }
}

#[test]
fn the_help_tells_the_codes() {
    let help = run(&["--help"], b"");
    let text = String::from_utf8(help.stdout).unwrap();
    for code in 0..=7 {
        assert!(text.contains(&format!("\n  {code}  ")), "{code}");
    }
}
