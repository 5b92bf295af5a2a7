//! A disk without room, here a file that may not grow: nothing that was accepted is lost, and when there is room again the
//! server goes on by itself.

use crate::common::server::Server;
use crate::common::session::{Session, hello};
use crate::ground::{Ground, end, said};
use std::process::Command;
use std::time::Duration;
use verbatim_core::id::MessageId;
use verbatim_core::wire::ServerFrame;

const FILE_BYTES_MAX: u32 = 6 << 20;

/// Sends lines until one is not accepted; gives the last id that was.
fn fill(session: &mut Session) -> u64 {
    let body = "x".repeat(32 * 1024);
    let mut accepted = 0;
    for id in 1..2_000 {
        session.send("ann", id, &body);
        loop {
            match session.next_or_end(Duration::from_secs(20)) {
                Some(ServerFrame::Accepted { last, .. }) => {
                    accepted = last.0;
                    break;
                }
                Some(ServerFrame::Deliver(delivery)) => session.ack(delivery.seq),
                Some(ServerFrame::Receipt(_)) => {}
                _ => return accepted,
            }
        }
    }
    panic!("the disk is never full");
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let ground = Ground::prepare("full");
    let server = Server::start_with_file_bytes(FILE_BYTES_MAX, &["--data", &ground.data()]);
    let (mut ann, _) = Session::resume(server.address, &hello("ann", 1));
    let accepted = fill(&mut ann);
    assert!(accepted > 10, "{accepted}");
    server.wait_for_line(|line| line.contains("the disk is full"));
    let pid = server.pid().to_string();
    let raised = Command::new("prlimit")
        .args(["--pid", &pid, "--fsize=unlimited"])
        .status();
    assert!(raised.unwrap().success());
    let mut attempt = 2;
    let welcome = loop {
        std::thread::sleep(Duration::from_millis(200));
        let mut session = Session::open(server.address);
        let mut back = hello("ann", attempt);
        back.accepted = Some(MessageId(accepted));
        session.say(&verbatim_core::wire::ClientFrame::Hello(Box::new(back)));
        attempt += 1;
        assert!(
            attempt < 100,
            "it does not come back: {:#?}",
            server.lines()
        );
        if let Some(ServerFrame::Welcome(welcome)) = session.next_or_end(Duration::from_secs(20)) {
            break welcome;
        }
    };
    assert!(!welcome.lost);
    assert_eq!(welcome.last, MessageId(accepted));
    end(server);
    let status = said(&ground.command(&["status"]));
    assert!(
        status.contains(&format!("messages={accepted} ")),
        "{status}"
    );
}
