//! Keeps `core/PROTOCOL.md` and the code together: its examples are replayed against a router, byte for byte, and its
//! tables are compared with what the code holds.

#[path = "protocol_examples/document.rs"]
mod document;
#[path = "protocol_examples/malformed.rs"]
mod malformed;
#[path = "protocol_examples/replay.rs"]
mod replay;
mod stage;

use document::{exchanges, first_cell, section, table};
use std::collections::{BTreeMap, BTreeSet};
use verbatim_core::code::Code;
use verbatim_core::limits::{HEAD_BYTES_MAX, Limits, UNANSWERED_MAX};

#[test]
fn every_exchange_happens_as_it_is_written() {
    let exchanges = exchanges();
    assert!(exchanges.len() >= 4, "the document has examples");
    for (line, exchange) in exchanges {
        replay::replay(line, &exchange);
    }
}

#[test]
fn a_changed_byte_is_noticed() {
    let mut exchanges = exchanges().into_iter();
    let resumes = |(_, exchange): &(usize, String)| exchange.contains("ACCEPTED 4 4 6 3");
    let (line, exchange) = exchanges.find(resumes).expect("one of them shows a resume");
    let changed = exchange.replace("ACCEPTED 4 4 6 3", "ACCEPTED 4 4 6 4");
    assert_ne!(exchange, changed);
    let replayed = std::panic::catch_unwind(|| replay::replay(line, &changed));
    assert!(replayed.is_err());
}

#[test]
fn every_code_is_told_with_its_text() {
    let told: BTreeMap<u16, String> = table(section("## 12 Codes"))
        .map(|row| (row[0].parse().expect("a code"), row[1].clone()))
        .collect();
    let known = Code::EVERY
        .iter()
        .map(|code| (code.0, code.text().to_owned()));
    assert_eq!(told, known.collect());
}

#[test]
fn every_limit_is_told_with_its_value() {
    let told: BTreeMap<String, String> = table(section("## 16 Limits"))
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].replace(' ', "")))
        .collect();
    let shown = format!("{:#?}", Limits::default());
    let known = shown.lines().filter_map(|line| {
        let (name, value) = line.trim().split_once(": ")?;
        Some((name.to_owned(), value.trim_end_matches(',').to_owned()))
    });
    assert_eq!(told, known.collect());
}

/// What the text tells in passing has to be the limits' values too.
#[test]
fn limits_told_in_sentences_are_the_limits() {
    let limits = Limits::default();
    let text = document::TEXT
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let said = |sentence: String| assert!(text.contains(&sentence), "not said: {sentence}");
    said(format!("at most {HEAD_BYTES_MAX} bytes. A verb"));
    said(format!(
        "`Send-window` | how many ids may be without an answer: {UNANSWERED_MAX}"
    ));
    said(format!("of the last {UNANSWERED_MAX} accepted ones"));
    said(format!(
        "at most {} and {}; but one delivery is always allowed",
        limits.window_deliveries_max, limits.window_bytes_max
    ));
    said(format!(
        "at most {}, all those after the one named",
        limits.users_page_max
    ));
    said(format!(
        "within {} s of connecting, once",
        limits.registration_time_max.as_secs()
    ));
    said(format!(
        "when nothing was sent for {} s",
        limits.heartbeat_time.as_secs()
    ));
    said(format!(
        "when nothing was heard for {} s",
        limits.silence_time_max.as_secs()
    ));
    said(format!(
        "is whole within {} s",
        limits.frame_time_max.as_secs()
    ));
    said(format!(
        "progresses within {} s",
        limits.write_time_max.as_secs()
    ));
    said(format!(
        "{} s after the session's connection ended",
        limits.away_time_max.as_secs()
    ));
    said(format!(
        "(the latest {} of the server)",
        limits.broadcasts_counted_max
    ));
    said(format!(
        "A `FORWARD` has at most {} bytes",
        limits.classic_forward_bytes_max
    ));
    said(format!(
        "more than {} s for one `RECEIVED`",
        limits.classic_ack_time_max.as_secs()
    ));
    said(format!(
        "or {} ms after it came",
        limits.classic_pairing_time.as_millis()
    ));
    said(format!(
        "waits for {} ms of quiet",
        limits.classic_quiet_time.as_millis()
    ));
    said(format!(
        "first `FORWARD` comes {} ms after the answer",
        limits.classic_settle_time.as_millis()
    ));
    said(format!(
        "114 when {} lines wait",
        limits.classic_waiting_max
    ));
    assert_eq!(
        1000 / limits.receipt_interval.as_millis(),
        4,
        "told as four times a second"
    );
    assert_eq!(limits.owed_bytes_max, 8 * 1024 * 1024, "told as 8 MiB");
    assert_eq!(limits.skipped_bytes_max, 1024 * 1024, "told as 1 MiB");
}

/// The verbs that the codec knows, as its source writes them: a new one cannot be forgotten in the document.
#[test]
fn every_verb_is_told_and_no_other() {
    let source = include_str!("../src/wire/decode.rs");
    let is_verb = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
    let known = |function: &str| -> BTreeSet<&str> {
        let from = source.find(function).expect("the codec has that function");
        let body = &source[from..];
        let body = &body[..body.find("\n}\n").expect("it ends")];
        let arms = body
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"'));
        arms.filter_map(|arm| arm.split('"').next())
            .filter(|word| is_verb(word))
            .collect()
    };
    let told = |heading: &str| -> BTreeSet<String> {
        let cells = table(section(heading)).map(|row| first_cell(&row));
        let frames = cells.filter(|cell| cell.starts_with('`'));
        let words = frames.flat_map(|cell| cell.split(", ").map(first_word).collect::<Vec<_>>());
        words.filter(|word| is_verb(word)).collect()
    };
    let client = known("fn client<'a>");
    let server = known("fn server<'a>");
    assert!(
        client.len() >= 7 && server.len() >= 12,
        "{client:?} {server:?}"
    );
    assert_eq!(
        told("## 4 The session level"),
        client.into_iter().map(str::to_owned).collect()
    );
    assert_eq!(
        told("## 5 The session level"),
        server.into_iter().map(str::to_owned).collect()
    );
}

fn first_word(cell: &str) -> String {
    let cell = cell.trim_matches('`');
    cell.split(' ').next().unwrap_or("").to_owned()
}

#[test]
fn every_malformed_frame_gets_the_refusal_that_is_told() {
    let rows: Vec<_> = table(section("## 13 Malformed frames")).collect();
    assert!(rows.len() >= 40, "the document has the table");
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| malformed::wrong(row))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
