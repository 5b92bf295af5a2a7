//! Retention: what the operator asked to be removed is gone, whoever asks for it is told, and what is left still holds.

use crate::common::server::Server;
use crate::common::session::{Session, hello};
use crate::ground::{Ground, end, refused, said, tell};
use std::time::{Duration, Instant};
use verbatim_core::id::Seq;
use verbatim_core::name::Recipient;
use verbatim_core::wire::{Place, ServerFrame};

/// Asks a running server until its log's beginning is gone up to there.
fn wait_until_removed(ground: &Ground, up_to: u64) -> String {
    let begun = Instant::now();
    loop {
        let status = said(&ground.command(&["status"]));
        if removed(&status) >= up_to {
            return status;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{status}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Up to where a line says that messages were removed; 0 if it does not.
fn removed(line: &str) -> u64 {
    let rest = line.split_once("older messages were removed up to seq ");
    let digits = rest.map_or("0", |(_, rest)| rest);
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// Ann tells Ben so many lines of 60 KB, and he takes each.
fn fill(ann: &mut Session, ben: &mut Session, ids: std::ops::RangeInclusive<u64>) {
    for id in ids {
        tell(ann, "ben", id, &format!("{id} {}", "x".repeat(60_000)));
        loop {
            if let ServerFrame::Deliver(delivery) = ben.next() {
                ben.ack(delivery.seq);
                break;
            }
        }
    }
}

#[test]
fn what_is_too_much_goes_and_a_late_reader_is_told() {
    let ground = Ground::prepare("keep-max");
    let keeps = ["--data", &ground.data(), "--keep-max", "1M"];
    let server = Server::start_with(&keeps);
    let mut ann = Session::join(server.address, "ann");
    let (mut ben, welcome) = Session::resume(server.address, &hello("ben", 1));
    fill(&mut ann, &mut ben, 1..=10);
    end(server);
    let export = ground.folder.join("export");
    std::fs::write(&export, said(&ground.command(&["export"]))).unwrap();
    let old_head = said(&ground.command(&["status"]));
    assert_eq!(removed(&old_head), 0);

    let server = Server::start_with(&keeps);
    let mut back = hello("ann", 2);
    back.accepted = Some(verbatim_core::id::MessageId(10));
    let (mut ann, _) = Session::resume(server.address, &back);
    let mut back = hello("ben", 2);
    back.place = Place::Server;
    let (mut ben, _) = Session::resume(server.address, &back);
    fill(&mut ann, &mut ben, 11..=40);
    let status = wait_until_removed(&ground, 20);
    // His store was put back: he asks for what he had once.
    let mut back = hello("ben", 3);
    back.place = Place::Cursor {
        store: welcome.store,
        epoch: welcome.epoch,
        seq: welcome.cursor,
    };
    let (mut ben, _) = Session::resume(server.address, &back);
    let ServerFrame::Removed {
        conversation,
        up_to,
    } = ben.next()
    else {
        panic!("he is told what is gone");
    };
    assert_eq!(conversation, Recipient::parse(b"ann").unwrap());
    let ServerFrame::Deliver(delivery) = ben.next() else {
        panic!("and given what is not");
    };
    assert_eq!(delivery.number, up_to.next());
    assert!(delivery.seq > Seq(removed(&status)));
    let backup = ground.folder.join("backup.redb");
    said(&ground.command(&["backup", backup.to_str().unwrap()]));
    end(server);
    holds(&ground, &export, &old_head);

    std::fs::rename(&backup, ground.file()).unwrap();
    end(Server::start_with(&keeps));
    holds(&ground, &export, &old_head);
}

/// The commands say what is gone, and that the rest holds.
fn holds(ground: &Ground, export: &std::path::Path, old_head: &str) {
    let verified = said(&ground.command(&["verify", export.to_str().unwrap()]));
    let up_to = removed(&verified);
    assert!(up_to > 20, "{verified}");
    assert!(
        verified.contains("the chain holds")
            && verified.contains("lines are about what was removed")
    );
    let status = said(&ground.command(&["status"]));
    assert_eq!(removed(&status), up_to);
    assert!(status.contains("users=2"), "{status}");
    let now = said(&ground.command(&["export"]));
    let first = now.lines().next().unwrap();
    assert!(
        first.starts_with(&format!("{up_to} - removed - - - ")),
        "{first}"
    );
    assert!(
        now.lines()
            .nth(1)
            .unwrap()
            .starts_with(&format!("{} ", up_to + 1))
    );
    let again = ground.folder.join("again");
    std::fs::write(&again, &now).unwrap();
    let same = said(&ground.command(&["verify", again.to_str().unwrap()]));
    assert!(same.contains("the same of the first"), "{same}");
    // A forged end of what is gone is found out.
    let (word, hash) = first.rsplit_once(' ').unwrap();
    let forged = now.replacen(hash, &hash.chars().rev().collect::<String>(), 1);
    std::fs::write(&again, forged).unwrap();
    let told = refused(&ground.command(&["verify", again.to_str().unwrap()]), 6);
    assert!(told.contains("last one that was removed"), "{word}: {told}");
    let head = old_head.trim_end().rsplit_once("| chain ").unwrap().1;
    let (seq, hash) = head.split_once(' ').unwrap();
    let told = refused(&ground.command(&["verify", "--head", seq, hash]), 6);
    assert!(told.contains("note a newer head"), "{told}");
}

#[test]
fn what_is_old_goes_while_nobody_says_anything() {
    let ground = Ground::prepare("keep-for");
    let server = Server::start_with(&["--data", &ground.data(), "--keep-for", "2s"]);
    let mut ann = Session::join(server.address, "ann");
    let (mut ben, _) = Session::resume(server.address, &hello("ben", 1));
    tell(&mut ann, "ben", 1, "old");
    let delivery = loop {
        if let ServerFrame::Deliver(delivery) = ben.next() {
            break delivery;
        }
    };
    std::thread::sleep(Duration::from_secs(4));
    let status = said(&ground.command(&["status"]));
    assert!(
        removed(&status) < delivery.seq.0,
        "he has not acked it: {status}"
    );
    ben.ack(delivery.seq);
    wait_until_removed(&ground, delivery.seq.0);
    end(server);
    said(&ground.command(&["verify"]));
    for wrong in ["2", "0s", "2w", "99999999d"] {
        let output = Server::refused(
            "127.0.0.1:0",
            &["--data", &ground.data(), "--keep-for", wrong],
        );
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}
