//! An audit that finds nothing must be one that could: small journals, each with one thing wrong.

use super::audit::{Report, audit};
use super::journal::{Entry, Noted};
use super::line::USERS;

/// Two lines of user0 to user2 and one to user3, as an honest server carries them.
fn honest() -> Vec<Vec<Noted>> {
    let mut journals = vec![Vec::new(); USERS];
    let mut note = |user: usize, at, entry| journals[user].push(Noted { at, entry });
    for user in 0..USERS {
        note(user, 1, Entry::Welcome([9, 8, user as u64, 0, 0]));
    }
    for (id, counter) in [(1, 1), (2, 2), (3, 6)] {
        note(0, 2, Entry::Sent { id, counter });
    }
    for (id, seq, number) in [(1, 11, 1), (2, 12, 1), (3, 13, 2)] {
        let (first, last) = (id, id);
        note(
            0,
            5,
            Entry::Accepted {
                first,
                last,
                seq,
                number,
            },
        );
    }
    let given = |seq, number, counter| Entry::Delivered {
        seq,
        number,
        from: 0,
        counter,
        to_all: 0,
    };
    note(2, 6, given(11, 1, 1));
    note(2, 7, given(13, 2, 6));
    note(3, 6, given(12, 1, 2));
    note(0, 9, Entry::Receipt { to: 2, up_to: 13 });
    note(0, 9, Entry::Receipt { to: 3, up_to: 12 });
    journals
}

fn after(change: impl FnOnce(&mut Vec<Vec<Noted>>)) -> Report {
    let mut journals = honest();
    change(&mut journals);
    audit(&journals)
}

#[track_caller]
fn is_found(report: &Report, words: &str) {
    assert!(
        report.faults.iter().any(|fault| fault.contains(words)),
        "{report:?}"
    );
}

#[test]
fn honest_journals_pass() {
    let report = after(|_| ());
    assert!(
        report.faults.is_empty() && report.unfinished == 0,
        "{report:?}"
    );
    assert_eq!(
        (report.accepted, report.delivered, report.receipts),
        (3, 3, 2)
    );
}

#[test]
fn what_never_arrives_is_missing() {
    let lost = after(|journals| {
        journals[3].pop();
    });
    assert_eq!(lost.unfinished, 1, "{lost:?}");
    let unanswered = after(|journals| {
        journals[0].retain(|noted| !matches!(noted.entry, Entry::Accepted { first: 3, .. }));
    });
    assert!(unanswered.unfinished > 0, "{unanswered:?}");
    let untold = after(|journals| {
        journals[0].pop();
    });
    assert_eq!(untold.unfinished, 1, "{untold:?}");
}

#[test]
fn twice_and_out_of_order_are_found() {
    let again = after(|journals| {
        let last = *journals[3].last().unwrap();
        journals[3].push(last);
    });
    is_found(&again, "twice");
    is_found(&after(|journals| journals[2].swap(1, 2)), "after");
}

#[test]
fn one_line_under_two_seqs_is_found() {
    let stored_twice = after(|journals| {
        let entry = Entry::Accepted {
            first: 3,
            last: 3,
            seq: 14,
            number: 3,
        };
        journals[0].push(Noted { at: 9, entry });
    });
    is_found(&stored_twice, "stored twice");
}

#[test]
fn a_receipt_before_the_delivery_is_found() {
    let early = after(|journals| {
        for noted in &mut journals[2] {
            noted.at += 10;
        }
    });
    is_found(&early, "too early");
}

#[test]
fn a_lost_session_and_another_log_are_found() {
    let lost = after(|journals| {
        let entry = Entry::Welcome([7, 6, 0, 3, 1]);
        journals[0].push(Noted { at: 9, entry });
    });
    is_found(&lost, "lost");
    is_found(&lost, "more than one log");
}
