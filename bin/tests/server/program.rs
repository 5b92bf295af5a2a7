//! The program's manners: its command line, its exit codes, its signals, its goodbye.

use crate::common::raw::Raw;
use crate::common::seed::Seed;
use crate::common::server::Server;
use crate::common::session::Session;
use nix::sys::signal::Signal;
use std::net::TcpListener;
use std::process::Output;
use std::time::Duration;
use verbatim_core::code::Code;
use verbatim_core::wire::ServerFrame;

fn told(output: &Output) -> String {
    assert!(
        output.stdout.is_empty(),
        "nothing listens, so nothing is said"
    );
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn beyond_loopback_only_on_request() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8828"] {
        let output = Server::refused(listen, &[]);
        assert_eq!(output.status.code(), Some(2), "{listen}");
        let told = told(&output);
        assert!(told.contains("--allow-unauthenticated"), "{told}");
        assert!(told.contains(listen), "{told}");
    }
    // With the flag it goes on to the port, which is taken here, so that the test opens nothing to others.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("0.0.0.0:{}", taken.local_addr().unwrap().port());
    let output = Server::refused(&listen, &["--allow-unauthenticated"]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_port_in_use_is_told() {
    let server = Server::start();
    let output = Server::refused(&server.address.to_string(), &[]);
    assert_eq!(output.status.code(), Some(3));
    let told = told(&output);
    assert!(told.contains(&server.address.to_string()), "{told}");
    assert!(told.contains("--listen"), "what to do next: {told}");
}

#[test]
fn a_command_line_that_makes_no_sense_is_code_2() {
    for arguments in [
        &["--classic-ack", "perhaps"],
        &["--engine", "paper"],
        &["--unknown", "flag"],
    ] {
        let output = Server::refused("127.0.0.1:0", arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(told(&output).contains("--"), "{arguments:?}");
    }
}

#[test]
fn a_name_or_an_address_without_a_port_is_told_what_is_wanted() {
    for listen in ["localhost:1", "127.0.0.1"] {
        let output = Server::refused(listen, &[]);
        assert_eq!(output.status.code(), Some(2), "{listen}");
        assert!(
            told(&output).contains("for instance 127.0.0.1:8828"),
            "{}",
            told(&output)
        );
    }
}

#[test]
fn the_memory_engine_says_what_it_keeps() {
    let server = Server::start_with(&["--engine", "memory"]);
    server.wait_for_line(|line| line.contains("level memory"));
    let mut alice = Seed::join(server.address, "alice");
    let bob = Seed::join(server.address, "bob");
    alice.say_well("bob", "hi");
    assert_eq!(bob.line().1, "hi");
}

#[test]
fn both_signals_end_it_with_a_goodbye() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let server = Server::start();
        let mut sessions = ["ann", "ben"].map(|name| Session::join(server.address, name));
        let classic = Raw::join(server.address, "cas");
        let nobody = Session::open(server.address);
        // What was said before the signal is answered before the goodbye.
        sessions[0].send("ben", 1, "last words");
        let ServerFrame::Deliver(delivery) = sessions[1].next() else {
            panic!("ben expects a delivery");
        };
        assert_eq!(delivery.body, "last words");
        server.signal(signal);
        assert!(matches!(sessions[0].next(), ServerFrame::Accepted { .. }));
        sessions.into_iter().for_each(expect_goodbye);
        for mut connection in [classic.send, classic.receive, nobody.connection] {
            assert_eq!(connection.until_closed(), "");
        }
        let (status, rest) = server.ended();
        assert_eq!(status.code(), Some(0), "{signal}");
        assert_eq!(rest, "", "one line on standard output is all");
    }
}

#[track_caller]
fn expect_goodbye(mut session: Session) {
    let ServerFrame::Bye(bye) = session.next() else {
        panic!("a goodbye is expected");
    };
    assert_eq!(bye.code, Code::SHUTTING_DOWN);
    let after = bye.retry_after.expect("when to come back");
    assert!(after <= Duration::from_secs(2), "{after:?}");
    assert!(session.next_or_end(Duration::from_secs(5)).is_none());
}

#[test]
fn clients_who_do_not_go_are_not_waited_for() {
    let server = Server::start();
    let _raw = Raw::join(server.address, "ann");
    let _session = Session::join(server.address, "ben");
    server.signal(Signal::SIGTERM);
    let (status, _) = server.ended(); // waits at most `PATIENCE`
    assert_eq!(status.code(), Some(0));
}

#[test]
fn its_status_is_one_line() {
    let server = Server::start();
    let _alice = Session::join(server.address, "alice");
    let _bob = Raw::join(server.address, "bob");
    let before = server.lines().len();
    server.signal(Signal::SIGUSR1);
    let line = server.wait_for_line(|line| line.contains("connections_max"));
    for part in [
        "users online=1 away=0 classic=1",
        "log head=",
        "connections_max=3/",
        "users_max=2/",
        "log_bytes_max=",
    ] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
    assert_eq!(server.lines().len(), before + 1, "{:#?}", server.lines());
}
