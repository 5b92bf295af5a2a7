//! `status`, `export` and `verify`: what a reader can hold in hand.

use crate::common::server::Server;
use crate::common::session::Session;
use crate::ground::{Ground, end, refused, said, tell};
use nix::sys::signal::Signal;

/// Ann and Ben have a talk; one text looks like a line of an export.
fn talk(ground: &Ground) {
    let server = ground.server();
    let mut ann = Session::join(server.address, "ann");
    let _ben = Session::join(server.address, "ben");
    tell(&mut ann, "ben", 1, "hi");
    tell(
        &mut ann,
        "ben",
        2,
        "two\n9 2026-01-01T00:00:00Z message eve ben 1 0 lines",
    );
    tell(&mut ann, "ALL", 3, "grüße");
    end(server);
}

#[test]
fn an_export_has_a_line_for_each_record_and_no_secret() {
    let ground = Ground::prepare("export");
    talk(&ground);
    let export = said(&ground.command(&["export"]));
    let lines: Vec<Vec<&str>> = export
        .lines()
        .map(|line| line.split(' ').collect())
        .collect();
    let kinds: Vec<&str> = lines.iter().map(|words| words[2]).collect();
    assert_eq!(
        kinds,
        ["start", "claim", "claim", "message", "message", "message"]
    );
    let seqs: Vec<&str> = lines.iter().map(|words| words[0]).collect();
    assert_eq!(seqs, ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(lines[3][3..6], ["ann", "ben", "1"]);
    assert_eq!(lines[5][3..6], ["ann", "ALL", "1"]);
    assert!(export.contains("two\\n9 2026-01-01"), "{export}");
    // The device of the tests' sessions: its name's letters, and the rest of this byte.
    assert!(!export.contains("a5a5a5"), "{export}");
}

#[test]
fn the_head_is_told_while_it_runs_and_afterwards() {
    let ground = Ground::prepare("status");
    let server = ground.server();
    let mut ann = Session::join(server.address, "ann");
    tell(&mut ann, "ann", 1, "to myself");
    let asked = said(&ground.command(&["status"]));
    server.signal(Signal::SIGUSR1);
    let signalled = server.wait_for_line(|line| line.contains("| chain 3 "));
    let head = |line: &str| {
        line.trim_end()
            .rsplit_once("| chain ")
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(head(&asked), head(&signalled));
    drop(ann);
    end(server);
    let afterwards = said(&ground.command(&["status"]));
    assert!(
        afterwards.contains("users=1 messages=1 body bytes=9"),
        "{afterwards}"
    );
    assert_eq!(head(&afterwards), head(&asked));
}

#[test]
fn an_export_that_was_changed_is_found_out() {
    let ground = Ground::prepare("verify");
    talk(&ground);
    let export = said(&ground.command(&["export"]));
    let file = ground.folder.join("export");
    let verify = |text: &str| {
        std::fs::write(&file, text).unwrap();
        ground.command(&["verify", file.to_str().unwrap()])
    };
    assert!(said(&verify(&export)).contains("the same of the first 6"));
    let earlier: String = export
        .lines()
        .take(4)
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(said(&verify(&earlier)).contains("the same of the first 4"));
    let changed = refused(&verify(&export.replace("grüße", "GRÜSSE")), 6);
    assert!(
        changed.contains("record 6 differs") && changed.contains("GRÜSSE"),
        "{changed}"
    );
    let longer = refused(&verify(&format!("{export}7 and one more\n")), 6);
    assert!(
        longer.contains("ends at record 6") && longer.contains("7 and one more"),
        "{longer}"
    );
}

#[test]
fn a_head_that_was_noted_shows_a_cut_and_a_change() {
    let ground = Ground::prepare("head");
    talk(&ground);
    let status = said(&ground.command(&["status"]));
    let (seq, hash) = status
        .trim_end()
        .rsplit_once("| chain ")
        .unwrap()
        .1
        .split_once(' ')
        .unwrap();
    said(&ground.command(&["verify", "--head", seq, hash]));
    let cut = refused(&ground.command(&["verify", "--head", "7", hash]), 6);
    assert!(
        cut.contains("ends at record 6") && cut.contains("cut off"),
        "{cut}"
    );
    let changed = refused(&ground.command(&["verify", "--head", "5", hash]), 6);
    assert!(
        changed.contains("record 5 differs, or one before it"),
        "{changed}"
    );
    refused(&ground.command(&["verify", "--head", "six", hash]), 2);
}

#[test]
fn commands_do_not_meddle_with_a_running_server() {
    let ground = Ground::prepare("in-use");
    let server = ground.server();
    for words in [&["export"][..], &["verify"]] {
        let told = refused(&ground.command(words), 5);
        assert!(told.contains("a server has the log"), "{told}");
    }
    end(server);
    let nowhere = ground.folder.join("nowhere");
    let told = refused(
        &crate::ground::command(&["export"], nowhere.to_str().unwrap()),
        4,
    );
    assert!(told.contains("there is no"), "{told}");
    assert!(!nowhere.exists());
}

#[test]
fn what_is_no_export_differs_from_nothing() {
    let ground = Ground::prepare("no-export");
    let transcript = ground.folder.join("transcript");
    let written = transcript.to_str().unwrap();
    let server = Server::start_with(&["--data", &ground.data(), "--transcript", written]);
    let mut ann = Session::join(server.address, "ann");
    tell(&mut ann, "ann", 1, "to myself");
    drop(ann);
    end(server);
    let told = refused(&ground.command(&["verify", written]), 2);
    assert!(told.contains("is no export"), "{told}");
    let export = said(&ground.command(&["export"]));
    let file = ground.folder.join("file");
    let folder = ground.folder.to_str().unwrap();
    for (bytes, why) in [
        (&b""[..], "is empty"),
        (b"\xff\xfe\x00", "is no export"),
        (b"# Verbatim\n", "is no export"),
        (b"\n", "is no export"),
        (
            b"1 2026-01-01T00:00:00.000Z start - - - 5\n",
            "is no export",
        ),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let told = refused(&ground.command(&["verify", file.to_str().unwrap()]), 2);
        assert!(told.contains(why), "{told}");
    }
    let told = refused(&ground.command(&["verify", folder]), 2);
    assert!(told.contains("cannot read the export"), "{told}");
    // What has the form of one, and says something else, is a difference.
    std::fs::write(&file, export.replacen("Z start ", "Z claim ", 1)).unwrap();
    refused(&ground.command(&["verify", file.to_str().unwrap()]), 6);
}
