//! A backup of a running server, and a server on it.

use crate::common::session::{Session, hello};
use crate::ground::{Ground, end, refused, said, tell};
use verbatim_core::id::MessageId;
use verbatim_core::wire::{Place, ServerFrame};

#[test]
fn a_restored_backup_says_so_and_clients_hear_what_is_lost() {
    let ground = Ground::prepare("backup");
    let server = ground.server();
    let mut ann = Session::join(server.address, "ann");
    let (_ben, welcome) = Session::resume(server.address, &hello("ben", 1));
    tell(&mut ann, "ben", 1, "before");
    let file = ground.folder.join("backup.redb");
    let made = said(&ground.command(&["backup", file.to_str().unwrap()]));
    assert!(made.contains("up to 4 "), "{made}");
    tell(&mut ann, "ben", 2, "after");
    let again = refused(&ground.command(&["backup", file.to_str().unwrap()]), 4);
    assert!(again.contains("is there already"), "{again}");
    end(server);

    std::fs::rename(&file, ground.file()).unwrap();
    let restored = ground.server();
    let told = restored
        .wait_for_line(|line| line.contains("this log is a backup") && line.contains("record 4"));
    assert!(
        told.contains(", made on 2") && told.contains(" UTC, at record"),
        "{told}"
    );
    // Ben, who has seen nothing yet, is given what came before it.
    let mut back = hello("ben", 2);
    back.place = Place::Cursor {
        store: welcome.store,
        epoch: welcome.epoch,
        seq: welcome.cursor,
    };
    let (mut ben, welcome) = Session::resume(restored.address, &back);
    assert!(!welcome.lost);
    let ServerFrame::Deliver(delivery) = ben.next() else {
        panic!("a delivery is expected");
    };
    assert_eq!(delivery.body, "before");
    // Ann knows of a second line, which this log never saw.
    let mut back = hello("ann", 2);
    back.accepted = Some(MessageId(2));
    let (_ann, welcome) = Session::resume(restored.address, &back);
    assert!(welcome.lost);
    assert_eq!(welcome.last, MessageId(1));
    end(restored);
    let third = ground.server();
    third.wait_for_line(|line| line.contains("level disk"));
    assert!(
        !third.lines().iter().any(|line| line.contains("backup")),
        "it is said once"
    );
    end(third);
    said(&ground.command(&["verify"]));
}

#[test]
fn a_backup_needs_a_running_server() {
    let ground = Ground::prepare("no-backup");
    end(ground.server());
    let file = ground.folder.join("backup.redb");
    let told = refused(&ground.command(&["backup", file.to_str().unwrap()]), 4);
    assert!(told.contains("no server runs"), "{told}");
    assert!(!file.exists());
}

#[test]
fn a_backup_that_cannot_be_made_names_the_file_and_the_reason() {
    let ground = Ground::prepare("backup-nowhere");
    let server = ground.server();
    let file = ground.folder.join("nowhere").join("backup.redb");
    let file = file.to_str().unwrap();
    let told = refused(&ground.command(&["backup", file]), 4);
    assert!(
        told.contains(&format!("cannot make the backup {file}: No such file")),
        "{told}"
    );
    end(server);
}
