//! The program's sentences: what happened, to what, and what to do next.

use crate::clean;
use crate::device::Until;
use std::time::Duration;
use verbatim_core::client::{LineState, Notice, Present, WhyAway, WhyNoHistory, WhyOffline};
use verbatim_core::code::Code;
use verbatim_core::name::Recipient;
use verbatim_core::wire::Durability;
use verbatim_net::Wanted;

/// What has become of a line, for the person who wrote it.
pub(crate) fn state(state: &LineState, to: Recipient) -> String {
    match state {
        LineState::Rejected(code) => format!("rejected: {code} ({})", reason(*code, to)),
        LineState::Counted { count, of } => format!("delivered to {count} of {of}"),
        LineState::Acknowledged => "acknowledged: the server says that it arrived".into(),
        LineState::Left => "left: gone before it was delivered".into(),
        LineState::Expired => "expired: never sent".into(),
        LineState::Unknown => "unknown: sent, and nobody can say whether it was accepted".into(),
        LineState::Withdrawn => "withdrawn: never sent".into(),
        other => other.to_string(),
    }
}

/// What is told to whoever wants a line back that is not queued.
pub(crate) fn not_queued(number: Option<u64>) -> String {
    let which = match number {
        Some(number) => format!("line {number} is not queued"),
        None => "no line is queued".into(),
    };
    format!("{which}: what has gone out cannot be taken back")
}

/// Why a message was rejected.
fn reason(code: Code, to: Recipient) -> &'static str {
    match code {
        Code::UNABLE_TO_SEND if to == Recipient::All => "nobody else is there",
        Code::UNABLE_TO_SEND => "nobody of that name is there",
        Code::CONFLICT => "its id was used for another message: is this device running twice?",
        Code::TOO_LONG => "longer than the server takes",
        Code::NOT_UTF8 => "it is not text",
        Code::RECIPIENT_FULL => "too much is waiting there already; try later",
        Code::NOT_TAKEN => "it did not get into the log; send it again",
        _ => "the server does not take it",
    }
}

/// A notice as sentences; about a line there are none, since `state` has them.
pub(crate) fn notice(notice: &Notice, server: &str) -> Vec<String> {
    match notice {
        Notice::Online {
            user,
            level,
            resumed,
        } => vec![online(user.as_str(), *level, *resumed, server)],
        Notice::OnlineClassic { user, resumed } => {
            vec![online_classic(user.as_str(), *resumed, server)]
        }
        Notice::FellBack => vec![format!(
            "{server} speaks only the classic protocol: going on with that (--classic does so at once)"
        )],
        Notice::Offline { why, retry_in } => vec![format!(
            "offline: {}; next try in {}",
            offline(why, server),
            seconds(*retry_in)
        )],
        Notice::Away(why) => vec![away(why, server)],
        Notice::Lost {
            unanswered,
            unreceipted,
        } => lost(*unanswered, *unreceipted),
        Notice::Gap {
            conversation,
            expected,
            found,
        } => vec![format!(
            "messages are missing in the conversation with {conversation}: after number {} came {found}",
            expected.0.saturating_sub(1)
        )],
        Notice::Removed {
            conversation,
            up_to,
        } => vec![format!(
            "the server no longer has the messages up to number {up_to} of the conversation with {conversation}"
        )],
        Notice::Held { code, retry_in } => vec![format!(
            "the server says {code}; your lines wait, next try in {}",
            seconds(*retry_in)
        )],
        Notice::Users(names) => vec![present(names)],
        Notice::NoUsers(Code::UNKNOWN_VERB) => {
            vec!["this server cannot say who is there".into()]
        }
        Notice::NoUsers(code) => vec![format!("the server does not say who is there: {code}")],
        // The history tells it, with what the store has.
        Notice::Line { .. } | Notice::NoHistory { .. } => Vec::new(),
    }
}

fn present(names: &[Present]) -> String {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    match names.is_empty() {
        true => "nobody is there".into(),
        false => format!("there: {}", names.join(", ")),
    }
}

fn online_classic(user: &str, resumed: bool, server: &str) -> String {
    match resumed {
        true => format!("online again as {user}"),
        false => format!(
            "online as {user} at {server}, classic level: lines are answered, and what comes while you are away is lost"
        ),
    }
}

fn online(user: &str, level: Durability, resumed: bool, server: &str) -> String {
    if resumed {
        return format!("online again as {user}");
    }
    let survives = match level {
        Durability::Memory => "memory: accepted lines survive broken links, not the server's end",
        Durability::Disk => "disk: accepted lines survive crashes and power cuts",
    };
    format!("online as {user} at {server}, level {survives}")
}

/// Why there is no connection.
pub(crate) fn offline(why: &WhyOffline, server: &str) -> String {
    match why {
        WhyOffline::Link(why) => format!("{server}: {}", clean::line(why)),
        WhyOffline::ConnectTime => format!("{server} does not answer"),
        WhyOffline::WelcomeTime => {
            format!(
                "{server} does not welcome this client (if it is one of another kind, try --classic)"
            )
        }
        other => other.to_string(),
    }
}

fn away(why: &WhyAway, server: &str) -> String {
    match why {
        WhyAway::Replaced => "a newer connection of this device has taken over (or its store is a copy, or an old \
                              backup); this one stays away. /return takes the session back"
            .into(),
        WhyAway::NameTaken { left } => {
            let long = left.map_or(String::new(), |left| {
                format!(", and keeps it for {} at most if it is gone", seconds(left))
            });
            format!(
                "another device holds this name{long}. Try again then (/return), wait with --wait-for-name, or take \
                 another name"
            )
        }
        WhyAway::Refused { code, text } => format!(
            "{server} refuses this client: {} {}. Is it a Verbatim server of this version?",
            code.0,
            clean::line(text)
        ),
        WhyAway::Cloned => "the server has messages of this device that this store never sent: it is a copy, or an old \
                            backup. It gets an identity of its own now, and sends nothing by itself that the other may \
                            have sent; start again"
            .into(),
    }
}

fn lost(unanswered: usize, unreceipted: usize) -> Vec<String> {
    let mut said = vec![
        "the server does not know this session any more (it was restarted or set back, or gave the name up in the \
         meantime): messages that waited for you there are gone"
            .to_owned(),
    ];
    if unanswered > 0 {
        said.push(format!(
            "{} no answer and will get none: unknown whether accepted; not sent again by itself",
            count(unanswered, "line had", "lines had")
        ));
    }
    if unreceipted > 0 {
        said.push(format!(
            "{} accepted, and no news of the delivery will come",
            count(unreceipted, "line was", "lines were")
        ));
    }
    said
}

/// What is left of a store's lines without an answer when the program ends: never out, and out.
pub(crate) fn left((queued, sent): (usize, usize), is_kept: bool) -> Vec<String> {
    let mut said = Vec::new();
    match (queued, sent) {
        (0, 0) => {}
        (queued, sent) if !is_kept => said.push(format!(
            "{} no answer and could not be kept: gone with this program",
            count(queued + sent, "line has", "lines have")
        )),
        (queued, sent) => {
            if queued > 0 {
                let lines = count(queued, "line is kept and goes", "lines are kept and go");
                said.push(format!("{lines} out next time"));
            }
            if sent > 0 {
                let lines = count(sent, "line has", "lines have");
                said.push(format!(
                    "{lines} no answer yet: what became of it is settled next time"
                ));
            }
        }
    }
    said
}

/// How much of a history was shown, and what is before it.
pub(crate) fn history(wanted: Wanted, shown: usize, until: Until) -> String {
    let (with, again) = match wanted.with {
        None => (String::new(), "/history".into()),
        Some(Recipient::All) => (" to ALL".into(), "/history ALL".into()),
        Some(with) => (format!(" with {with}"), format!("/history {with}")),
    };
    let said = match shown {
        0 => format!("nothing earlier{with}"),
        _ => format!("that was earlier{with}"),
    };
    match until {
        Until::More => format!("{said}; {again} shows what was before"),
        Until::Beginning if wanted.with.is_none() => format!(
            "{said}; before that nothing was said to ALL, and /history NAME asks for one user's"
        ),
        Until::Beginning => format!("{said}; there is no more"),
        Until::Removed(up_to) => {
            format!("{said}; what was before it, up to number {up_to}, is no longer kept")
        }
        Until::NotAsked(why) => format!("{said} in this device's store, and {}", no_history(why)),
        Until::Nowhere(why) => format!("nothing earlier{with} can be shown: {}", no_history(why)),
    }
}

fn no_history(why: WhyNoHistory) -> String {
    match why {
        WhyNoHistory::Offline => "the server cannot be asked: offline".into(),
        WhyNoHistory::Classic => "a server of the classic level has no history".into(),
        WhyNoHistory::Server(Code::UNKNOWN_VERB) => {
            "this server is of an older version, which has no history to ask for".into()
        }
        WhyNoHistory::Server(Code::UNABLE_TO_SEND) => {
            "the server shows none: nobody holds that name now, or another one than then".into()
        }
        WhyNoHistory::Server(code) => format!("the server shows none: {code}"),
    }
}

/// A number with its word.
pub(crate) fn count(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

/// A time in seconds, as short as makes sense.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_millis() {
        0..10_000 => format!("{:.1} s", time.as_secs_f64()),
        172_800_000.. => format!("{:.0} days", time.as_secs_f64() / 86_400.0),
        _ => format!("{:.0} s", time.as_secs_f64()),
    }
}
