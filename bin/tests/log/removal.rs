//! `remove-body`: one text goes, of a running server and of one that is ended, and everything else still proves itself.

use crate::common::server::Server;
use crate::common::session::{Session, hello};
use crate::ground::{Ground, command, end, refused, said, tell};
use std::path::Path;
use std::process::Output;
use verbatim_core::id::Number;
use verbatim_core::name::Recipient;
use verbatim_core::wire::{Ask, ClientFrame, Delivery, Place, ServerFrame};

const SECRET: &str = "hunter2 is\nmy password";

impl Ground {
    fn remove(&self, seq: &str) -> Output {
        self.command(&["remove-body", seq])
    }

    /// Writes an export of now.
    fn export(&self, name: &str) -> String {
        let file = self.folder.join(name);
        std::fs::write(&file, said(&self.command(&["export"]))).unwrap();
        file.to_str().unwrap().to_owned()
    }
}

/// Whether a file has the text, or the first word of it.
fn has(file: &Path, text: &str) -> bool {
    let bytes = std::fs::read(file).unwrap();
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// Ann tells Ben, who went before, three lines, of which the second is at seq 5.
fn talk(server: &Server) -> Session {
    let mut ann = Session::join(server.address, "ann");
    drop(Session::join(server.address, "ben"));
    for (id, text) in (1..).zip(["hi", SECRET, "sorry"]) {
        tell(&mut ann, "ben", id, text);
    }
    ann
}

/// Ben comes back and takes all three.
fn take(server: &Server, attempt: u64) -> (Session, [Delivery<'static>; 3]) {
    let mut back = hello("ben", attempt);
    back.place = Place::Server;
    let (mut ben, _) = Session::resume(server.address, &back);
    let taken = [(); 3].map(|()| match ben.next() {
        ServerFrame::Deliver(delivery) => delivery,
        other => panic!("a delivery is expected, not {other}"),
    });
    (ben, taken)
}

fn is_bare(delivery: &Delivery<'_>) -> bool {
    delivery.removed && delivery.body.is_empty() && delivery.number == Number(2)
}

#[test]
fn who_was_away_hears_that_it_was_removed_and_a_backup_is_free_of_it() {
    let ground = Ground::prepare("remove-running");
    let server = ground.server();
    let mut ann = talk(&server);
    let told = said(&ground.remove("5"));
    assert!(
        told.contains("record 5: the text of ann to ben, 20"),
        "{told}"
    );
    assert!(
        told.contains("was removed: 22 bytes with the hash "),
        "{told}"
    );
    assert!(!told.contains("hunter2"), "{told}");
    server.wait_for_line(|line| line.contains("the text of ann to ben"));
    let backup = ground.folder.join("backup.redb");
    said(&ground.command(&["backup", backup.to_str().unwrap()]));

    let (mut ben, [first, bare, last]) = take(&server, 2);
    assert_eq!((first.body, last.body), ("hi", "sorry"));
    assert!(is_bare(&bare), "{bare}");
    ben.ack(last.seq);
    ben.say(&ClientFrame::History(Ask {
        at: None,
        with: Recipient::parse(b"ann").unwrap(),
        before: Some(Number(3)),
        count: Some(1),
    }));
    assert!(matches!(ben.next(), ServerFrame::Past(past) if is_bare(&past)));
    // The same line under its id, from a sender who did not hear the answer; and another one.
    ann.send("ben", 2, SECRET);
    ann.send("ben", 2, "");
    let mut answers = std::iter::repeat_with(|| ann.next())
        .filter(|frame| !matches!(frame, ServerFrame::Receipt(_)));
    assert_eq!(
        answers.next().unwrap().to_string(),
        "ACCEPTED id=2 seq=5 number=2"
    );
    let conflict = answers.next().unwrap().to_string();
    assert!(conflict.starts_with("REJECTED id=2 110"), "{conflict}");
    end(server);

    let journal = ground.file().with_file_name("log.journal");
    for file in [&backup, &ground.file(), &journal] {
        assert!(!has(file, "hunter2"), "{}", file.display());
    }
    said(&ground.command(&["verify"]));
    let status = said(&ground.command(&["status"]));
    assert!(
        status.contains("messages=3 body bytes=7 texts removed=1"),
        "{status}"
    );
    // And with the backup in its place, as after a restart.
    std::fs::rename(&backup, ground.file()).unwrap();
    let server = ground.server();
    let (_, [_, bare, _]) = take(&server, 3);
    assert!(is_bare(&bare), "{bare}");
    end(server);
}

#[test]
fn an_export_from_before_is_held_against_the_hash() {
    let ground = Ground::prepare("remove-ended");
    let server = ground.server();
    drop(talk(&server));
    end(server);
    let before = ground.export("before");
    let old = std::fs::read(ground.file()).unwrap();
    let told = said(&ground.remove("5"));
    assert!(told.contains("the text of ann to ben"), "{told}");
    assert!(!has(&ground.file(), "hunter2"));
    let after = ground.export("after");
    let line = std::fs::read_to_string(&after).unwrap();
    let line = line.lines().find(|line| line.starts_with("5 ")).unwrap();
    assert!(
        line.contains(" message-removed ann ben 2 ") && !line.contains("hunter2"),
        "{line}"
    );

    let verified = said(&ground.command(&["verify", &before]));
    assert!(
        verified.contains("record 5: the text was removed; that of the export has its hash")
            && verified.contains("the same of the first 6"),
        "{verified}"
    );
    let same = said(&ground.command(&["verify", &after]));
    assert!(
        !same.contains("record 5") && same.contains("the same of the first 6"),
        "{same}"
    );
    let forged = std::fs::read_to_string(&before).unwrap();
    std::fs::write(&before, forged.replace("hunter2", "hunter3")).unwrap();
    let told = refused(&ground.command(&["verify", &before]), 6);
    assert!(told.contains("record 5 differs"), "{told}");

    // A copy of the log from before has the text: it is the one whose hash the later export has.
    std::fs::write(ground.file(), old).unwrap();
    let verified = said(&ground.command(&["verify", &after]));
    assert!(
        verified.contains("record 5: ") && verified.contains("is there now"),
        "{verified}"
    );
}

#[test]
fn what_is_no_text_is_refused_in_one_line() {
    let ground = Ground::prepare("remove-refused");
    let nowhere = ground.folder.join("nowhere");
    let told = refused(
        &command(&["remove-body", "5"], nowhere.to_str().unwrap()),
        4,
    );
    assert!(told.contains("there is no"), "{told}");
    let server = ground.server();
    drop(talk(&server));
    let ask = |seq: &str| {
        let told = refused(&ground.remove(seq), 9);
        assert_eq!(told.lines().count(), 1, "{told}");
        told
    };
    let told = ask("99");
    assert!(
        told.contains("record 99: there is no such record: the log ends at"),
        "{told}"
    );
    let told = ask("1");
    assert!(
        told.contains("record 1: that record is no message"),
        "{told}"
    );
    said(&ground.remove("5"));
    let told = ask("5");
    assert!(
        told.contains("record 5: its text was removed before"),
        "{told}"
    );
    end(server);
    let told = ask("5");
    assert!(
        told.contains("record 5: its text was removed before"),
        "{told}"
    );
    assert_eq!(ground.remove("five").status.code(), Some(2));
    let memory = ground.command(&["--engine", "memory", "remove-body", "5"]);
    assert!(refused(&memory, 2).contains("in memory"));

    // A bit of the log's file is another one.
    let mut bytes = std::fs::read(ground.file()).unwrap();
    let at = bytes.windows(5).position(|part| part == b"sorry").unwrap();
    bytes[at] ^= 1;
    std::fs::write(ground.file(), bytes).unwrap();
    let told = refused(&ground.remove("4"), 6);
    assert!(told.contains("damaged"), "{told}");
}
