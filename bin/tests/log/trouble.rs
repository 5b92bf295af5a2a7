//! What can be wrong with a log's directory: one line, a code, and nothing touched.

use crate::common::server::Server;
use crate::common::session::Session;
use crate::ground::{Ground, end, refused, tell};
use std::path::Path;

#[track_caller]
fn server_refused(data: &Path, code: i32) -> String {
    let output = Server::refused("127.0.0.1:0", &["--data", data.to_str().unwrap()]);
    let told = refused(&output, code);
    let errors = told.lines().filter(|line| line.contains("ERROR")).count();
    assert_eq!(errors, 1, "{told}");
    told
}

#[test]
fn a_second_server_on_the_same_directory_is_code_5() {
    let ground = Ground::prepare("second");
    let server = ground.server();
    let told = server_refused(Path::new(&ground.data()), 5);
    assert!(told.contains("another process has the log"), "{told}");
    end(server);
}

#[test]
fn what_is_no_directory_or_cannot_be_written_is_code_4() {
    let ground = Ground::prepare("no-directory");
    let file = ground.folder.join("file");
    std::fs::write(&file, "mine").unwrap();
    let told = server_refused(&file, 4);
    assert!(told.contains("--data"), "what to do: {told}");
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    // Nobody can write there, not even the system's owner.
    let told = server_refused(Path::new("/proc/verbatim"), 4);
    assert!(told.contains("/proc/verbatim"), "{told}");
}

#[test]
fn a_damaged_file_is_code_6_and_stays_as_it_is() {
    let ground = Ground::prepare("damaged");
    let server = ground.server();
    let mut ann = Session::join(server.address, "ann");
    for id in 1..=20 {
        tell(&mut ann, "ann", id, "to myself");
    }
    end(server);
    let good = std::fs::read(ground.file()).unwrap();
    let flipped = |at: usize, mask: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= mask;
        bytes
    };
    let mut cases = vec![
        ("empty", Vec::new()),
        (
            "garbage",
            (0..70_000u32)
                .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
                .collect(),
        ),
        ("half", good[..good.len() / 2].to_vec()),
        ("a head alone", good[..100].to_vec()),
    ];
    cases.extend([0, 5, 12, 16].map(|at| ("its first bytes", flipped(at, 0xff))));
    let mut wrong = Vec::new();
    for (name, bytes) in cases {
        std::fs::write(ground.file(), &bytes).unwrap();
        let output = Server::refused("127.0.0.1:0", &["--data", &ground.data()]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let same = std::fs::read(ground.file()).unwrap() == bytes;
        let clear = told.contains("restore a backup") && !told.contains("panicked");
        if output.status.code() != Some(6) || !clear || !same {
            wrong.push(format!(
                "{name}: {}, the same: {same}: {told}",
                output.status
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // With the good bytes all is there again.
    std::fs::write(ground.file(), &good).unwrap();
    end(ground.server());
}

/// As a later version would write it: another number, and a table that this one does not know.
fn make_newer(file: &Path) {
    let meta = redb::TableDefinition::<&str, &[u8]>::new("meta");
    let later = redb::TableDefinition::<u64, &[u8]>::new("later");
    let database = redb::Database::create(file).unwrap();
    let mut write = database.begin_write().unwrap();
    write.set_two_phase_commit(true);
    let number = 1_000u32.to_le_bytes();
    write
        .open_table(meta)
        .unwrap()
        .insert("format", &number[..])
        .unwrap();
    write
        .open_table(later)
        .unwrap()
        .insert(1, &b"new"[..])
        .unwrap();
    write.commit().unwrap();
}

#[test]
fn a_newer_format_is_code_6_and_stays_as_it_is() {
    let ground = Ground::prepare("newer");
    let server = ground.server();
    let mut ann = Session::join(server.address, "ann");
    tell(&mut ann, "ann", 1, "to myself");
    end(server);
    make_newer(&ground.file());
    let before = std::fs::read(ground.file()).unwrap();
    let told = server_refused(Path::new(&ground.data()), 6);
    assert!(
        told.contains("newer version (format 1000") && told.contains("use that version"),
        "{told}"
    );
    for words in [&["verify"][..], &["status"], &["export"]] {
        let told = refused(&ground.command(words), 6);
        assert!(told.contains("newer version"), "{told}");
    }
    let after = std::fs::read(ground.file()).unwrap();
    assert!(before == after, "it was written to");
}

#[test]
fn no_flipped_bit_makes_it_panic() {
    let ground = Ground::prepare("flipped");
    let server = ground.server();
    let mut ann = Session::join(server.address, "ann");
    tell(&mut ann, "ann", 1, "to myself");
    end(server);
    let good = std::fs::read(ground.file()).unwrap();
    let step = good.len() / 24;
    for at in (0..24).map(|index| if index < 12 { index * 16 } else { index * step }) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        std::fs::write(ground.file(), &bytes).unwrap();
        let output = ground.command(&["verify"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("panicked"), "byte {at}: {told}");
        assert!(
            [0, 4, 6].contains(&output.status.code().unwrap()),
            "byte {at}: {told}"
        );
    }
}

#[test]
fn the_smallest_log_that_can_be_asked_for_takes_a_line() {
    let ground = Ground::prepare("smallest");
    let (data, none) = (ground.data(), "127.0.0.1:0");
    for wrong in [
        &["--log-max", "1M"][..],
        &["--log-max", "1G", "--keep-max", "20G"],
    ] {
        let arguments = [&["--data", &data], wrong].concat();
        let told = refused(&Server::refused(none, &arguments), 2);
        assert!(told.contains("--log-max"), "{told}");
    }
    let server = Server::start_with(&["--data", &data, "--log-max", "8M"]);
    let mut ann = Session::join(server.address, "ann");
    tell(&mut ann, "ann", 1, &"x".repeat(60_000));
    end(server);
}

#[test]
fn a_log_in_memory_has_no_commands() {
    let ground = Ground::prepare("memory-commands");
    for words in [&["status"][..], &["export"], &["verify"], &["backup", "x"]] {
        let words = [&["--engine", "memory"], words].concat();
        let told = refused(&ground.command(&words), 2);
        assert!(
            told.contains("in memory") && told.contains("SIGUSR1"),
            "{told}"
        );
    }
}
