//! The judge of traces of system calls must be able to find something: forged traces, each with one thing wrong.
//! The real trace is `cargo bench -p verbatim --bench trace`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../benches/trace/calls.rs"]
mod calls;
#[path = "../benches/trace/order.rs"]
mod order;
#[path = "../benches/trace/said.rs"]
mod said;

use order::{Verdict, judge};
use verbatim_core::id::{Epoch, MessageId, Number, Seq, StoreId};
use verbatim_core::wire::{Durability, ServerFrame, Welcome, encode_server};

const ACCEPT: &str = "7 accept4(5, NULL, NULL, SOCK_CLOEXEC|SOCK_NONBLOCK) = 9";
const SYNC: &str = "8 fdatasync(6) = 0";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

fn written(text: &str, at: u64) -> String {
    format!(
        "8 pwrite64(6, \"{}\", {}, {at}) = {}",
        hex(text.as_bytes()),
        text.len(),
        text.len()
    )
}

fn sent(frame: &ServerFrame<'_>) -> String {
    let mut bytes = Vec::new();
    encode_server(frame, &mut bytes);
    let count = bytes.len();
    format!(
        "7 sendto(9, \"{}\", {count}, MSG_NOSIGNAL, NULL, 0) = {count}",
        hex(&bytes)
    )
}

fn welcome() -> String {
    sent(&ServerFrame::Welcome(Box::new(Welcome {
        user: verbatim_core::name::Name::parse(b"ann").unwrap(),
        store: StoreId(1),
        epoch: Epoch(2),
        level: Durability::Disk,
        head: Seq(2),
        heartbeat: std::time::Duration::from_secs(5),
        silence: std::time::Duration::from_secs(15),
        body_bytes_max: 65_536,
        unanswered_max: 64,
        last: MessageId(0),
        cursor: Seq(2),
        lost: false,
    })))
}

fn accepted() -> String {
    sent(&ServerFrame::Accepted {
        first: MessageId(1),
        last: MessageId(2),
        seq: Seq(3),
        number: Number(1),
    })
}

/// One batch of two messages, as an honest server carries it.
fn honest() -> Vec<String> {
    let records = format!("{}..{}", said::marked("ann", 1), said::marked("ann", 2));
    let lines = [
        ACCEPT.to_owned(),
        welcome(),
        written(&records, 4096),
        written("header", 0),
    ];
    let commit = [
        SYNC.to_owned(),
        written("header", 0),
        SYNC.to_owned(),
        accepted(),
    ];
    lines.into_iter().chain(commit).collect()
}

fn verdict(lines: &[String]) -> Verdict {
    judge(&calls::calls(&lines.join("\n")))
}

#[test]
fn an_honest_trace_holds() {
    let verdict = verdict(&honest());
    assert!(verdict.holds(), "{verdict}");
    assert_eq!((verdict.written, verdict.answers, verdict.syncs), (2, 2, 2));
}

#[test]
fn an_answer_before_the_last_sync_is_found() {
    let mut lines = honest();
    lines.swap(6, 7);
    assert_eq!(verdict(&lines).faults.len(), 2);
}

#[test]
fn an_answer_while_the_sync_is_under_way_is_found() {
    let mut lines = honest();
    lines[6] = "8 fdatasync(6 <unfinished ...>".into();
    assert!(!verdict(&lines).holds());
    lines.push("8 <... fdatasync resumed>) = 0".into());
    assert!(!verdict(&lines).holds());
    lines.swap(7, 8);
    assert!(verdict(&lines).holds());
}

#[test]
fn a_sync_that_failed_covers_nothing() {
    let mut lines = honest();
    lines[6] = "8 fdatasync(6) = -1 EIO (Input/output error)".into();
    assert!(!verdict(&lines).holds());
}

#[test]
fn a_record_written_behind_the_sync_is_found() {
    let mut lines = honest();
    lines.swap(2, 4);
    assert!(!verdict(&lines).holds());
}

/// The same with a journal: one write, and one sync.
fn journaled() -> Vec<String> {
    let name = hex(b"/somewhere/log.journal");
    let opened = format!("8 openat(AT_FDCWD, \"{name}\", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 6");
    let mut lines = honest();
    lines.drain(4..6);
    lines.remove(3);
    lines.insert(0, opened);
    lines
}

#[test]
fn one_sync_covers_what_is_in_the_journal() {
    let lines = journaled();
    assert!(verdict(&lines).holds(), "{}", verdict(&lines));
    assert!(!verdict(&lines[1..]).holds(), "no journal was opened");
}

#[test]
fn an_answer_before_the_sync_of_the_journal_is_found() {
    let mut lines = journaled();
    let last = lines.len() - 1;
    lines.swap(last - 1, last);
    assert_eq!(verdict(&lines).faults.len(), 2);
}

#[test]
fn an_empty_trace_shows_nothing() {
    assert!(!verdict(&[]).holds());
}
