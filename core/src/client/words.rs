//! How a client's outputs read: in transcripts, and in the sentences of a program.

use super::notice::{LineState, Notice, WhyAway, WhyNoHistory, WhyOffline};
use super::port::{Keep, Output, Recalled};
use crate::id::Number;
use core::fmt;

impl fmt::Display for LineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineState::Queued => f.write_str("queued"),
            LineState::Sent => f.write_str("sent"),
            LineState::Accepted { .. } => f.write_str("accepted"),
            LineState::Rejected(code) => write!(f, "rejected: {code}"),
            LineState::Delivered => f.write_str("delivered"),
            LineState::Counted { count, of } => write!(f, "delivered to {count} of {of}"),
            LineState::Acknowledged => f.write_str("acknowledged"),
            LineState::Left => f.write_str("left"),
            LineState::Expired => f.write_str("expired"),
            LineState::Unknown => f.write_str("unknown"),
            LineState::Withdrawn => f.write_str("withdrawn"),
            LineState::NoRoom => f.write_str("not taken: too many lines are waiting"),
        }
    }
}

impl fmt::Display for WhyOffline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyOffline::Link(why) => f.write_str(why),
            WhyOffline::ConnectTime => f.write_str("no connection in time"),
            WhyOffline::WelcomeTime => f.write_str("no welcome in time"),
            WhyOffline::Silent => f.write_str("the server is silent"),
            WhyOffline::FrameTime => f.write_str("the server did not finish a frame in time"),
            WhyOffline::Server(code) => write!(f, "the server said {code}"),
            WhyOffline::Garbage(what) => write!(f, "the server broke the protocol: {what}"),
            WhyOffline::NameTaken => f.write_str("another device holds the name"),
        }
    }
}

impl fmt::Display for WhyAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyAway::Replaced => f.write_str("replaced by a newer connection"),
            WhyAway::NameTaken { left: None } => f.write_str("another device holds the name"),
            WhyAway::NameTaken { left: Some(left) } => {
                let seconds = left.as_millis().div_ceil(1000);
                f.write_str("another device holds the name, for ")?;
                match seconds {
                    172_800.. => write!(f, "{} days at most", seconds.div_ceil(86_400)),
                    _ => write!(f, "{seconds} s at most"),
                }
            }
            WhyAway::Refused { code, text } => write!(f, "refused: {} {text}", code.0),
            WhyAway::Cloned => f.write_str("another copy of this device has sent messages"),
        }
    }
}

impl fmt::Display for WhyNoHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyNoHistory::Offline => f.write_str("offline"),
            WhyNoHistory::Server(code) => write!(f, "the server said {code}"),
            WhyNoHistory::Classic => f.write_str("the server knows only the classic level"),
        }
    }
}

impl fmt::Display for Recalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "history of {}:", self.with)?;
        let mut messages = self.messages.iter();
        messages.try_for_each(|message| write!(f, " {}", message.seq))?;
        if self.more {
            f.write_str(", more")?;
        }
        match self.removed {
            Number(0) => Ok(()),
            removed => write!(f, ", removed up to {removed}"),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Line { line, state } => write!(f, "{line} {state}"),
            Notice::Online { resumed: true, .. } => f.write_str("online again"),
            Notice::Online { .. } => f.write_str("online"),
            Notice::OnlineClassic { resumed: true, .. } => {
                f.write_str("online again, classic level")
            }
            Notice::OnlineClassic { .. } => f.write_str("online, classic level"),
            Notice::FellBack => f.write_str("the server knows only the classic level"),
            Notice::Offline { why, .. } => write!(f, "offline: {why}"),
            Notice::Away(why) => write!(f, "away: {why}"),
            Notice::Lost {
                unanswered,
                unreceipted,
            } => write!(
                f,
                "lost: {unanswered} unknown, {unreceipted} without receipt"
            ),
            Notice::Gap {
                conversation,
                expected,
                found,
            } => write!(
                f,
                "gap in {conversation}: {found} came instead of {expected}"
            ),
            Notice::Removed {
                conversation,
                up_to,
            } => write!(f, "removed from {conversation}: up to {up_to}"),
            Notice::Held { code, .. } => write!(f, "held: {code}"),
            Notice::Users(present) => {
                f.write_str("users:")?;
                present.iter().try_for_each(|one| write!(f, " {one}"))
            }
            Notice::NoUsers(code) => write!(f, "no list of users: {code}"),
            Notice::NoHistory { with, why } => write!(f, "no history of {with}: {why}"),
        }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keep::Attempt(attempt) => write!(f, "keep try={attempt}"),
            Keep::Allotted(id) => write!(f, "keep id={id}"),
            Keep::Queued { line, to, body, .. } => {
                write!(f, "keep {line} to {to} ({} bytes)", body.len())
            }
            Keep::Sent { line, id } => write!(f, "keep {line} id={id}"),
            Keep::Accepted(id) => write!(f, "keep accepted={id}"),
            Keep::Delivered(seq) => write!(f, "keep delivered={seq}"),
            Keep::Cursor { seq, .. } => write!(f, "keep cursor={seq}"),
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Keep(keep) => keep.fmt(f),
            Output::Connect => f.write_str("connect"),
            Output::Send(frames) => write!(f, "send {frames}"),
            Output::Disconnect => f.write_str("disconnect"),
            Output::Deliver(message) => {
                let (from, to, seq) = (message.from, message.to, message.seq);
                let again = if message.may_repeat { " (again?)" } else { "" };
                write!(f, "message {seq} {from} -> {to}{again}")
            }
            Output::Recalled(recalled) => recalled.fmt(f),
            Output::Show(notice) => notice.fmt(f),
            Output::FallBack => f.write_str("fall back"),
            Output::Done => f.write_str("done"),
        }
    }
}
