//! The door of a running server: reached however long its path is, and if it cannot be reached, the command says why and
//! never that no server runs.

use crate::common::server::Server;
use crate::ground::{Ground, command, end, refused, said};
use nix::sys::signal::Signal;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

#[test]
fn a_directory_whose_path_is_too_long_for_a_socket_has_a_door_too() {
    let ground = Ground::prepare("long-path");
    let data = ground.folder.join("d".repeat(120));
    let data = data.to_str().unwrap();
    let server = Server::start_with(&["--data", data]);
    let file = ground.folder.join("backup.redb");
    let made = said(&command(&["backup", file.to_str().unwrap()], data));
    assert!(made.contains("up to 1 "), "{made}");
    let status = said(&command(&["status"], data));
    assert!(!status.contains("no server"), "{status}");
    end(server);
    assert!(!std::path::Path::new(data).join("control").exists());
}

#[test]
fn a_server_without_its_door_is_not_taken_for_none() {
    let ground = Ground::prepare("no-door");
    let server = ground.server();
    std::fs::remove_file(ground.folder.join("log").join("control")).unwrap();
    let file = ground.folder.join("backup.redb");
    for words in [
        &["backup", file.to_str().unwrap()][..],
        &["remove-body", "1"],
        &["status"],
    ] {
        let told = refused(&ground.command(words), 5);
        assert!(
            told.contains("another process has the log") && told.contains("SIGUSR1"),
            "{told}"
        );
        assert!(!told.contains("verbatimd status"), "{told}");
    }
    end(server);
}

#[test]
fn where_no_log_is_there_is_nothing_to_copy() {
    let ground = Ground::prepare("no-log");
    let empty = ground.folder.to_str().unwrap();
    let file = ground.folder.join("backup.redb");
    let backup = ["backup", file.to_str().unwrap()];
    let told = refused(&command(&backup, empty), 4);
    assert!(told.contains("there is no log"), "{told}");
    let nowhere = ground.folder.join("nowhere");
    let told = refused(&command(&backup, nowhere.to_str().unwrap()), 4);
    assert!(
        told.contains("there is no ") && told.contains("--data"),
        "{told}"
    );
    assert!(!nowhere.exists());
}

#[test]
fn a_server_that_was_stopped_is_not_waited_for() {
    let ground = Ground::prepare("stopped");
    let server = ground.server();
    server.signal(Signal::SIGSTOP);
    let file = ground.folder.join("backup.redb");
    for words in [&["status"][..], &["backup", file.to_str().unwrap()]] {
        let told = refused(&ground.command(words), 4);
        assert!(told.contains("does not answer within 5 s"), "{told}");
    }
    server.signal(Signal::SIGCONT);
    end(server);
}

#[test]
fn another_user_is_told_that_there_is_no_permission() {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !is_root {
        return; // nobody else can become another user
    }
    let ground = Ground::prepare("permission");
    let server = ground.server();
    let file = ground.folder.join("backup.redb");
    for words in [&["status"][..], &["backup", file.to_str().unwrap()]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_verbatimd"));
        command.args(words).args(["--data", &ground.data()]);
        // Where the program itself is out of that user's reach, nothing can be tried.
        if let Ok(output) = command.uid(65_534).gid(65_534).output() {
            let told = refused(&output, 4);
            assert!(told.contains("no permission"), "{told}");
        }
    }
    end(server);
}
