//! `verbatim --classic`, and the fall-back without it: the real program at other people's servers, over real TCP.

use crate::stage::{Server, User, run, scratch, scripted};
use sim_tests::dialects::{Cut, SERVERS, ServerRow, play_server};
use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use verbatim_net::{Tcp, Transport};

/// A foreign server on a thread of its own; ends with the test program.
fn foreign(row: ServerRow, cut: Cut) -> String {
    let (tell, address) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let server = async {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let listener = Tcp.bind(any).await.unwrap();
            tell.send(Tcp.local_address(&listener).unwrap().to_string())
                .unwrap();
            play_server(Tcp, listener, row, cut).await;
        };
        tokio::task::LocalSet::new().block_on(&runtime, server);
    });
    address.recv().unwrap()
}

fn listener(address: &str, name: &str, more: &[&str]) -> User {
    let arguments = [&[name, address, "--follow"], more].concat();
    let user = User::start(&arguments, &scratch("nothing"));
    user.expect_trouble("online as");
    user
}

fn speaks(address: &str, more: &[&str], input: &str) -> (i32, String) {
    let arguments = [&["alice", address], more].concat();
    let ended = run(&arguments, input.as_bytes());
    let told = String::from_utf8(ended.stderr).unwrap();
    (ended.status.code().unwrap(), told)
}

#[test]
fn every_server_dialect_is_used_over_tcp_and_truth_is_told() {
    std::thread::scope(|scope| {
        for row in SERVERS.iter().filter(|row| row.serves.fully()) {
            scope.spawn(move || {
                for (cut, more) in [(Cut::Whole, &["--classic"][..]), (Cut::Bytes, &[])] {
                    let address = foreign(*row, cut);
                    let bob = listener(&address, "bob", more);
                    let lines = "@bob: hi\n@ALL: gr\u{fc}\u{df}e \u{1f980}\n@nobody: x\n";
                    let (code, told) = speaks(&address, more, lines);
                    assert_eq!(code, 3, "{}: {told}", row.name);
                    assert!(
                        told.contains("line 1 to bob: acknowledged"),
                        "{}: {told}",
                        row.name
                    );
                    assert!(
                        told.contains("line 2 to ALL: acknowledged"),
                        "{}: {told}",
                        row.name
                    );
                    assert!(
                        told.contains("line 3 to nobody: rejected: 10"),
                        "{}: {told}",
                        row.name
                    );
                    for line in ["alice: hi", "alice: gr\u{fc}\u{df}e \u{1f980}"] {
                        assert_eq!(bob.line(), line, "{}", row.name);
                    }
                }
            });
        }
    });
}

#[test]
fn our_own_server_is_spoken_to_in_either_level() {
    let server = Server::start();
    let classic = listener(&server.address, "bob", &["--classic"]);
    let session = server.listener("carol");
    let long = "x".repeat(2_500);
    let input = format!("@bob: hi\n@carol: hello\n@bob: {long}\n\n@ALL: to all\n");
    let (code, told) = speaks(&server.address, &["--classic"], &input);
    assert_eq!(code, 0, "{told}");
    assert_eq!(
        (classic.line(), session.line()),
        ("alice: hi".into(), "alice: hello".into())
    );
    let mut pieces = String::new();
    while pieces.len() < long.len() {
        pieces += classic.line().strip_prefix("alice: ").unwrap();
    }
    assert_eq!(pieces, long);
    assert_eq!(
        (classic.line(), session.line()),
        ("alice: to all".into(), "alice -> ALL: to all".into())
    );
}

#[test]
fn a_name_that_is_taken_is_6() {
    let server = Server::start();
    let _alice = server.listener("alice");
    let (code, told) = speaks(&server.address, &["--classic"], "@bob: x\n");
    assert_eq!(code, 6, "{told}");
}

#[test]
fn an_answer_that_does_not_come_is_5() {
    let mute = scripted("REGISTERED TOSEND alice\n\n");
    let (code, told) = speaks(&mute, &["--classic", "--wait", "0.5"], "@bob: x\n");
    assert!(matches!(code, 5 | 7), "{code}: {told}");
    let nobody = "127.0.0.1:1";
    let (code, told) = speaks(nobody, &["--classic", "--wait", "0.5"], "@bob: x\n");
    assert_eq!(code, 7, "{told}");
    assert!(told.contains("line 1 to bob: not sent"), "{told}");
}

#[test]
fn when_the_server_goes_it_is_told_and_the_client_neither_spins_nor_hangs() {
    let server = Server::start();
    let bob = listener(&server.address, "bob", &["--classic"]);
    let begun = Instant::now();
    drop(server);
    bob.expect_trouble("the server closed the connection");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn no_escape_sequence_of_others_gets_through() {
    let address = foreign(SERVERS[0], Cut::Whole);
    let bob = listener(&address, "bob", &["--classic"]);
    let (code, told) = speaks(&address, &["--classic"], "@bob: a\u{1b}[2Jb\u{7}\n");
    assert_eq!(code, 0, "{told}");
    assert_eq!(bob.line(), "alice: a\\u{1b}[2Jb\\u{7}");
}
