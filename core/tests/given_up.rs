//! What a session is owed too much of is given up, and it hears so before anything that lies behind.

mod stage;

use stage::Stage;
use verbatim_core::id::{ConnId, Seq};
use verbatim_core::limits::Limits;
use verbatim_core::router::Input;

const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);

fn join(stage: &mut Stage, conn: ConnId, name: &str, device: u64) {
    stage.open(conn);
    let hello =
        format!("HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: 1\nKeep: yes\nWindow: 1 0\n\n");
    stage.say(conn, hello.as_bytes());
    assert!(stage.take_text(conn).starts_with("WELCOME"));
}

fn send(stage: &mut Stage, to: &str, id: u64) -> String {
    let frame = format!("SEND {to}\nId: {id}\nContent-length: 2\n\nhi");
    stage.say(ALICE, frame.as_bytes());
    stage.take_text(ALICE)
}

/// Mail to bob that is appended and not committed makes what he is owed too much. A crash may take that mail back, and with
/// it why the lines to all were given up: bob, who would count as having what lies before what he read, hears nothing yet.
#[test]
fn it_is_told_only_when_what_it_rests_on_is_committed() {
    let limits = Limits {
        owed_bytes_max: 2_000,
        ..Limits::default()
    };
    let mut stage = Stage::new(limits);
    join(&mut stage, ALICE, "alice", 1);
    join(&mut stage, BOB, "bob", 2);
    for id in 1..5 {
        send(&mut stage, "ALL", id);
    }
    let heard = stage.take_text(BOB);
    assert!(heard.starts_with("DELIVER 4\n"), "{heard}");
    stage.commits_wait = true;
    send(&mut stage, "ALL", 5);
    for id in 6..12 {
        send(&mut stage, "bob", id);
    }
    let room = 1 << 26;
    stage.step(Input::Committed { seq: Seq(8), room });
    stage.say(BOB, b"ACK 4\n\n");
    assert_eq!(stage.take_text(BOB), "", "nothing, and nothing behind it");
    stage.commits_wait = false;
    stage.commit();
    let heard = stage.take_text(BOB);
    let told = heard.starts_with("REMOVED ALL ") && heard.contains("\n\nDELIVER ");
    assert!(told, "{heard}");
}
