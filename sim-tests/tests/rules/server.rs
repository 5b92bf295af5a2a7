//! Forged: what happens at the server.

use super::forge::{Events, alter, drop_first, put_behind};
use sim_tests::history::{Entry, Event, ServerNews, Tag, What};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub fn appends_again(events: &mut Events) -> Option<()> {
    append(events, |_| {})
}

pub fn appends_an_older_line(events: &mut Events) -> Option<()> {
    append(events, |body| {
        let who = Tag::of(body).expect("all bodies have one").who;
        *body = Tag { who, line: 0 }.body(0);
    })
}

/// The last record of a run once more behind it, if it is a session user's message, with another text.
fn append(events: &mut Events, change: impl FnOnce(&mut String)) -> Option<()> {
    let appended = |event: &Event| matches!(event.what, What::Server(ServerNews::Appended { .. }));
    let index = events.iter().rposition(appended)?;
    let Event { at, mut what } = events[index].clone();
    let What::Server(ServerNews::Appended {
        seq,
        stamp,
        wall,
        entry,
        ..
    }) = &mut what
    else {
        return None;
    };
    let Entry::Message {
        number,
        id: 1..,
        body,
        ..
    } = entry
    else {
        return None;
    };
    (*seq, *number, *wall) = (*seq + 1, *number + 1, *stamp);
    let mut text = body.to_string();
    change(&mut text);
    *body = text.into();
    events.insert(index + 1, Event { at, what });
    Some(())
}

/// To a device that takes one delivery at a time a second one goes, though no ack has come for the first.
pub fn sends_beyond_the_window(events: &mut Events) -> Option<()> {
    let (mut narrow, mut acks) = (BTreeSet::new(), BTreeMap::new());
    let ack = events.iter().enumerate().find_map(|(at, event)| {
        let What::Server(news) = &event.what else {
            return None;
        };
        match news {
            ServerNews::Bound { conn, credit, .. } if credit.0 == 1 => {
                narrow.insert(*conn);
            }
            ServerNews::AckCame { conn, .. } if narrow.contains(conn) => {
                acks.insert(*conn, at);
            }
            ServerNews::Delivering { conn, .. } => return acks.get(conn).copied(),
            _ => {}
        }
        None
    })?;
    events.remove(ack);
    Some(())
}

pub fn takes_an_older_counter(events: &mut Events) -> Option<()> {
    let mut bound = BTreeSet::new();
    alter(events, |what| match what {
        What::Server(ServerNews::Started { .. }) => {
            bound.clear();
            None
        }
        What::Server(ServerNews::Bound {
            who,
            device,
            attempt,
            ..
        }) => (!bound.insert((*who, *device))).then(|| *attempt = 0),
        _ => None,
    })
}

pub fn leaves_the_older_open(events: &mut Events) -> Option<()> {
    let mut bound = BTreeSet::new();
    drop_first(events, |event| match &event.what {
        What::Server(ServerNews::Bound { conn, .. }) => {
            bound.insert(*conn);
            false
        }
        What::Server(ServerNews::Closing { conn, reason, .. }) => {
            bound.contains(conn) && reason == "replaced by a newer connection"
        }
        _ => false,
    })
}

pub fn hears_a_closed_connection(events: &mut Events) -> Option<()> {
    let mut closed = None;
    alter(events, |what| match what {
        What::Server(ServerNews::Closing { conn, .. }) => {
            closed = Some(*conn);
            None
        }
        What::Server(ServerNews::Appended {
            by,
            entry: Entry::Message { .. },
            ..
        }) => closed.map(|closed| *by = Some(closed)),
        _ => None,
    })
}

pub fn stamps_without_the_clock(events: &mut Events) -> Option<()> {
    let mut first = true;
    alter(events, |what| match what {
        What::Server(ServerNews::Appended { stamp, .. }) => {
            (!std::mem::take(&mut first)).then(|| *stamp += 1)
        }
        _ => None,
    })
}

pub fn is_over_a_limit(events: &mut Events) -> Option<()> {
    alter(events, |what| match what {
        What::Server(ServerNews::Level { now, max, .. }) => {
            *now = *max + 10_000;
            Some(())
        }
        _ => None,
    })
}

pub fn tells_before_the_commit(events: &mut Events) -> Option<()> {
    put_behind(events, |what| match what {
        What::Server(ServerNews::Delivering { conn, seq, .. }) => {
            let (conn, seq) = (*conn, *seq);
            Some(What::Server(ServerNews::Uncommitted { conn, seq }))
        }
        _ => None,
    })
}

pub fn takes_a_receipt_back(events: &mut Events) -> Option<()> {
    put_behind(events, |what| match what {
        What::Server(ServerNews::Delivering { conn, .. }) => {
            let (conn, what) = (*conn, "8 after 9".into());
            Some(What::Server(ServerNews::ReceiptShrank { conn, what }))
        }
        _ => None,
    })
}

/// A delivery goes twice to a connection whose window is wide enough for that.
pub fn hands_out_twice(events: &mut Events) -> Option<()> {
    let mut wide = BTreeSet::new();
    put_behind(events, |what| match what {
        What::Server(ServerNews::Bound { conn, credit, .. })
            if credit.0 > 100 && credit.1 > 100_000 =>
        {
            wide.insert(*conn);
            None
        }
        What::Server(ServerNews::Delivering { conn, .. }) if wide.contains(conn) => {
            Some(what.clone())
        }
        _ => None,
    })
}

pub fn hands_out_what_is_handled(events: &mut Events) -> Option<()> {
    let to = events.iter().find_map(|event| match event.what {
        What::Server(ServerNews::Delivering { conn, .. }) => Some(conn),
        _ => None,
    })?;
    alter(events, |what| match what {
        What::Server(ServerNews::Bound { conn, handled, .. }) if *conn == to => {
            *handled = u64::MAX;
            Some(())
        }
        _ => None,
    })
}

pub fn gives_up_who_speaks(events: &mut Events) -> Option<()> {
    let mut bound = BTreeSet::new();
    alter(events, |what| match what {
        What::Server(ServerNews::Bound { conn, .. }) => {
            bound.insert(*conn);
            None
        }
        What::Server(ServerNews::Closing {
            conn,
            reason,
            silent_for,
        }) if bound.contains(conn) => {
            *reason = "refused: 173 Silent".into();
            *silent_for = Duration::from_secs(3);
            Some(())
        }
        _ => None,
    })
}

pub fn keeps_who_is_silent(events: &mut Events) -> Option<()> {
    put_behind(events, |what| match what {
        What::Server(ServerNews::Bound { conn, .. }) => {
            let (conn, silent_for) = (*conn, Duration::from_secs(20));
            Some(What::Server(ServerNews::Silent { conn, silent_for }))
        }
        _ => None,
    })
}
