//! What was said earlier, from the server, and put together with what a store has: real programs.

use crate::stage::{Server, User, run, run_in, scratch, scripted};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;
use std::time::Duration;

/// The lines of a history, without their times.
fn past(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(without_time).collect()
}

fn without_time(line: &str) -> String {
    let (_, said) = line.split_once("Z ").expect("a time");
    said.to_owned()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn who_comes_late_reads_what_was_said_to_all_and_nothing_else() {
    let server = Server::start();
    let bob = server.listener("bob");
    let lines = b"@ALL: one\n@bob: between us\n@ALL: two\n@ALL: three\n";
    let _alice = {
        let mut alice = server.user("alice", &["--follow"]);
        alice.may_type(std::str::from_utf8(lines).unwrap());
        alice.expect_trouble("line 4 to ALL: accepted");
        alice
    };
    for _ in 0..4 {
        bob.line();
    }
    let all = run(
        &["carol", &server.address],
        b"/history ALL\n/history alice\n/history nobody\n",
    );
    assert_eq!(
        past(&all),
        [
            "alice -> ALL: one",
            "alice -> ALL: two",
            "alice -> ALL: three"
        ]
    );
    let told = told(&all);
    for said in [
        "that was earlier to ALL; there is no more",
        "nothing earlier with alice; there is no more",
        "nothing earlier with nobody can be shown: the server shows none: nobody holds that name now",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    let two = run(&["dave", &server.address, "--history", "2"], b"");
    assert_eq!(past(&two), ["alice -> ALL: two", "alice -> ALL: three"]);
    let none = run(&["erin", &server.address], b"");
    assert_eq!(
        none.stdout, b"",
        "scripts get only what is new unless they ask"
    );
}

#[test]
fn each_question_shows_what_was_before() {
    let server = Server::start();
    let _bob = server.listener("bob");
    let lines: String = (0..250).map(|line| format!("@ALL: {line}\n")).collect();
    run(&["alice", &server.address], lines.as_bytes());
    let asks = b"/history ALL 1\n/history ALL 2\n/history ALL 150\n/history ALL\n";
    let carol = run(&["carol", &server.address], asks);
    let line = |line: u64| format!("alice -> ALL: {line}");
    let expected: Vec<String> = [249..250, 247..249, 97..247, 77..97]
        .into_iter()
        .flatten()
        .map(line)
        .collect();
    assert_eq!(past(&carol), expected);
}

#[test]
fn a_device_without_a_store_has_its_conversation_after_a_restart_of_the_server() {
    let log = scratch("history-log");
    let server = Server::start_on(&log, "127.0.0.1:0");
    let address = server.address.clone();
    let mut bob = server.user("bob", &["--follow", "--no-store"]);
    bob.expect_trouble("online as bob");
    let mut alice = server.user("alice", &["--follow"]);
    alice.type_line("@bob: are you there?");
    assert_eq!(bob.line(), "alice: are you there?");
    bob.type_line("@alice: yes");
    assert_eq!(alice.line(), "bob: yes");
    bob.expect_trouble("line 1 to alice: delivered");
    drop(server);
    let _again = Server::start_on(&log, &address);
    bob.expect_trouble("online again");
    alice.expect_trouble("online again");
    bob.type_line("/history alice");
    let read = [bob.line(), bob.line()];
    assert_eq!(
        read.map(|line| without_time(&line)),
        ["alice: are you there?", "bob -> alice: yes"]
    );
    drop(std::fs::remove_dir_all(log));
}

#[test]
fn a_store_and_the_server_are_put_together_without_doubles() {
    let (server, state) = (Server::start(), scratch("history-store"));
    let _dave = server.listener("dave");
    let mut alice = server.user("alice", &["--follow"]);
    alice.may_type("@ALL: one\n@ALL: two\n");
    alice.expect_trouble("line 2 to ALL: accepted");
    let mut bob = User::start(&["bob", &server.address, "--store", "--follow"], &state);
    bob.expect_trouble("online as bob");
    alice.may_type("@ALL: three\n@bob: four\n");
    assert_eq!(
        [bob.line(), bob.line()],
        ["alice -> ALL: three", "alice: four"]
    );
    bob.type_line("@ALL: five");
    bob.expect_trouble("line 1 to ALL: accepted");
    bob.type_line("/history ALL 3");
    let ask = |bob: &User, lines: usize| -> Vec<String> {
        (0..lines).map(|_| without_time(&bob.line())).collect()
    };
    let all = [
        "alice -> ALL: two",
        "alice -> ALL: three",
        "bob -> ALL: five",
    ];
    assert_eq!(ask(&bob, 3), all);
    bob.type_line("/history ALL");
    assert_eq!(ask(&bob, 1), ["alice -> ALL: one"]);
    bob.expect_trouble("that was earlier to ALL; there is no more");
    bob.terminate();
    assert_eq!(bob.code(), 0);

    // At the start: what the store has, and before it what was said to all.
    let arguments = ["bob", &server.address, "--store", "--history", "4"];
    let begun = run_in(&state, &arguments, b"");
    let store = ["alice -> ALL: three", "alice: four", "bob -> ALL: five"];
    assert_eq!(past(&begun)[0], "alice -> ALL: two");
    assert_eq!(past(&begun)[1..], store);
    drop(std::fs::remove_dir_all(state));
}

#[test]
fn a_server_that_is_not_there_is_not_waited_for() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let asked = run(&["alice", &gone.to_string()], b"/history ALL\n");
    let told = told(&asked);
    assert!(
        told.contains("the server cannot be asked: offline"),
        "{told}"
    );
    assert_eq!(asked.status.code(), Some(7), "nobody was there to answer");
}

#[test]
fn servers_that_have_no_history_to_ask_for_are_said_to_be_such() {
    let classic = scripted("");
    let asked = run(
        &["alice", &classic, "--classic", "--wait", "0.3"],
        b"/history ALL\n",
    );
    let said = told(&asked);
    assert!(
        said.contains("a server of the classic level has no history"),
        "{said}"
    );

    let asked = run(&["alice", &older()], b"/history ALL\n");
    let said = told(&asked);
    let older = "this server is of an older version, which has no history to ask for";
    assert_eq!(said.matches(older).count(), 1, "{said}");
}

/// A server that knows all but one verb.
fn older() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let welcome = "WELCOME 1\nUser: alice\nStore: 1\nEpoch: 1\nLevel: memory\nHead: 2\nHeartbeat: 5000 15000\n\
                       Body-max: 65536\nSend-window: 64\nLast: 0\nCursor: 2\n\n";
        let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
        for (verb, answer) in [
            ("HELLO", welcome),
            ("HISTORY", "ERROR 111 Unknown verb\n\n"),
        ] {
            let has = |heard: &[u8]| {
                let text = String::from_utf8_lossy(heard);
                text.find(verb)
                    .is_some_and(|at| text[at..].contains("\n\n"))
            };
            while !has(&heard) {
                let count = stream.read(&mut buffer).unwrap();
                assert!(count > 0, "the client went before it said {verb}");
                heard.extend_from_slice(&buffer[..count]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
        // The rest is of no interest, but whoever closes first would take back what is under way.
        drop(stream.read_to_end(&mut heard));
    });
    address
}
