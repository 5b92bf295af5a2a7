//! Who comes back as the same device, and who does not.

use crate::stage::{Server, User, run, scratch};

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
