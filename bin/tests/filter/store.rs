//! Who comes back as the same device, and who does not.

use crate::stage::{Server, User, run, run_in, scratch};
use std::net::TcpListener;

fn with_store(server: &Server, state: &std::path::PathBuf) -> User {
    User::start(&["bob", &server.address, "--store", "--follow"], state)
}

#[test]
fn a_killed_client_comes_back_as_itself_and_has_its_mail() {
    let (server, state) = (Server::start(), scratch("killed"));
    let mut bob = with_store(&server, &state);
    bob.expect_trouble("online as bob");
    bob.kill();
    let sent = run(&["alice", &server.address], b"@bob: for later\n");
    assert_eq!(sent.status.code(), Some(0));
    let mut bob = with_store(&server, &state);
    assert_eq!(bob.line(), "alice: for later");
    bob.terminate();
    assert_eq!(bob.code(), 0);
    drop(std::fs::remove_dir_all(state));
}

#[test]
fn a_second_process_on_a_store_says_so_and_is_another_device() {
    let (server, state) = (Server::start(), scratch("second"));
    let bob = with_store(&server, &state);
    bob.expect_trouble("online as bob");
    let mut second = with_store(&server, &state);
    second.expect_trouble("another verbatim uses");
    second.expect_trouble("another device holds this name");
    assert_eq!(second.code(), 6);
    drop(bob);
    drop(std::fs::remove_dir_all(state));
}

#[test]
fn a_forgotten_name_is_free_and_its_device_gone() {
    let (server, state) = (Server::start(), scratch("forgotten"));
    let mut bob = with_store(&server, &state);
    bob.expect_trouble("online as bob");
    bob.type_line("/forget");
    assert_eq!(bob.code(), 0);
    let mut other = server.listener("bob");
    other.terminate();
    assert_eq!(other.code(), 0);
    // Whoever comes now with the store is somebody new, and not the one who gave the name up.
    let back = with_store(&server, &state);
    let online = back.expect_trouble("online as bob");
    assert!(!online.contains("does not know this session"), "{online}");
    drop(back);
    drop(std::fs::remove_dir_all(state));
}

#[test]
fn a_store_that_cannot_be_is_said_and_done_without() {
    let (server, state) = (Server::start(), scratch("file"));
    std::fs::write(&state, "a file, not a directory").unwrap();
    let bob = with_store(&server, &state);
    bob.expect_trouble("this is a throw-away device");
    bob.expect_trouble("online as bob");
    drop(std::fs::remove_file(state));
}

#[test]
fn lines_written_while_nobody_is_there_are_kept_and_go_out_next_time() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let state = scratch("offline");
    let alice = ["alice", &address, "--store", "--wait", "0.3"];
    let left = run_in(&state, &alice, b"@bob: one\n@bob: two\n");
    let told = String::from_utf8(left.stderr).unwrap();
    assert_eq!(left.status.code(), Some(7), "{told}");
    assert!(
        told.contains("2 lines are kept and go out next time"),
        "{told}"
    );

    let server = Server::start_at(&address);
    let bob = server.listener("bob");
    let went = run_in(&state, &["alice", &address, "--store"], b"@bob: three\n");
    let told = String::from_utf8(went.stderr).unwrap();
    assert_eq!(went.status.code(), Some(0), "{told}");
    assert!(
        told.contains("a line of an earlier run to bob: accepted"),
        "{told}"
    );
    assert!(told.contains("line 1 to bob: accepted"), "{told}");
    let heard = [bob.line(), bob.line(), bob.line()];
    assert_eq!(heard, ["alice: one", "alice: two", "alice: three"]);
    drop(std::fs::remove_dir_all(state));
}

#[test]
fn an_age_limit_goes_on_while_nobody_runs() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let state = scratch("aged");
    let alice = [
        "alice", &address, "--store", "--wait", "0.2", "--expire", "0.5",
    ];
    run_in(&state, &alice, b"@bob: old news\n");
    std::thread::sleep(std::time::Duration::from_millis(400));
    let server = Server::start_at(&address);
    let bob = server.listener("bob");
    let late = run_in(&state, &["alice", &address, "--store"], b"@bob: new\n");
    let told = String::from_utf8(late.stderr).unwrap();
    assert!(
        told.contains("a line of an earlier run to bob: expired: never sent"),
        "{told}"
    );
    assert_eq!(
        (late.status.code(), bob.line()),
        (Some(5), "alice: new".into())
    );
    drop(std::fs::remove_dir_all(state));
}

#[test]
fn history_is_shown_to_who_asks_and_says_when_there_is_no_more() {
    let (server, state) = (Server::start(), scratch("history"));
    let bob = with_store(&server, &state);
    bob.expect_trouble("online as bob");
    let carol = server.listener("carol");
    run(
        &["alice", &server.address],
        b"@bob: one\n@bob: two\n@ALL: three\n",
    );
    for heard in ["alice: one", "alice: two", "alice -> ALL: three"] {
        assert_eq!(bob.line(), heard);
    }
    let mut bob = bob;
    bob.type_line("@carol: four");
    bob.expect_trouble("line 1 to carol: accepted");
    bob.terminate();
    assert_eq!(bob.code(), 0);
    drop(carol);

    let quiet = run_in(&state, &["bob", &server.address, "--store"], b"");
    assert_eq!(quiet.stdout, b"", "only what is new, unless somebody asks");
    let lines = |output: Vec<u8>| -> Vec<String> {
        let text = String::from_utf8(output).unwrap();
        let past = |line: &str| line.split_once("Z ").expect("a time").1.to_owned();
        text.lines().map(past).collect()
    };
    let two = run_in(
        &state,
        &["bob", &server.address, "--store", "--history", "2"],
        b"",
    );
    assert_eq!(
        lines(two.stdout),
        ["alice -> ALL: three", "bob -> carol: four"]
    );
    let asks = b"/history alice 1\n/history alice\n/history alice\n/history carol\n";
    let asked = run_in(&state, &["bob", &server.address, "--store"], asks);
    assert_eq!(
        lines(asked.stdout),
        ["alice: two", "alice: one", "bob -> carol: four"]
    );
    let told = String::from_utf8(asked.stderr).unwrap();
    assert!(told.contains("nothing earlier with alice"), "{told}");
    drop(std::fs::remove_dir_all(state));
}

#[test]
fn a_restored_store_is_said_and_sends_nothing_twice() {
    let (server, state, copy) = (Server::start(), scratch("original"), scratch("copied"));
    let bob = server.listener("bob");
    let alice = ["alice", &server.address, "--store"];
    run_in(&state, &alice, b"@bob: one\n");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([&state, &copy])
        .status();
    assert!(copied.unwrap().success());
    run_in(&state, &alice, b"@bob: two\n");
    let old = run_in(&copy, &alice, b"/return\n@bob: three\n");
    let told = String::from_utf8(old.stderr).unwrap();
    assert_eq!(old.status.code(), Some(6), "{told}");
    assert!(told.contains("a newer connection of this device"), "{told}");
    assert_eq!([bob.line(), bob.line()], ["alice: one", "alice: two"]);
    drop((
        std::fs::remove_dir_all(state),
        std::fs::remove_dir_all(copy),
    ));
}
