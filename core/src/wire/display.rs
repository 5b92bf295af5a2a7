//! How frames read in logs and transcripts: on one line, with a body's length and no device id.

use super::frame::{
    Ask, ClientFrame, Delivery, Hello, PageEnd, Place, Receipt, Rejection, ServerFrame, Welcome,
};
use core::fmt;

impl fmt::Display for ClientFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientFrame::Hello(hello) => hello.fmt(f),
            ClientFrame::Send { to, id, body } => {
                write!(f, "SEND {to} id={id} ({} bytes)", body.len())
            }
            ClientFrame::Ack(seq) => write!(f, "ACK {seq}"),
            ClientFrame::Who(None) => f.write_str("WHO"),
            ClientFrame::Who(Some(name)) => write!(f, "WHO {name}"),
            ClientFrame::History(ask) => ask.fmt(f),
            ClientFrame::Ping => f.write_str("PING"),
            ClientFrame::Pong => f.write_str("PONG"),
            ClientFrame::Bye { forget: false } => f.write_str("BYE"),
            ClientFrame::Bye { forget: true } => f.write_str("BYE forget"),
        }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HISTORY {}", self.with)?;
        if let Some(before) = self.before {
            write!(f, " before={before}")?;
        }
        if let Some(at) = self.at {
            write!(f, " at={at}")?;
        }
        self.count
            .map_or(Ok(()), |count| write!(f, " count={count}"))
    }
}

impl fmt::Display for PageEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.numbers;
        write!(f, "HISTORY {} {first} to {last}", self.with)?;
        if self.more {
            f.write_str(", more")?;
        }
        match self.removed {
            crate::id::Number(0) => Ok(()),
            removed => write!(f, ", removed up to {removed}"),
        }
    }
}

impl fmt::Display for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HELLO {} try={}", self.user, self.attempt)?;
        match self.place {
            Place::New => f.write_str(" new")?,
            Place::Server => f.write_str(" cursor=server")?,
            Place::Cursor { seq, .. } => write!(f, " cursor={seq}")?,
        }
        if let Some(accepted) = self.accepted {
            write!(f, " accepted={accepted}")?;
        }
        if !self.keep {
            f.write_str(" keep=no")?;
        }
        Ok(())
    }
}

impl fmt::Display for ServerFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerFrame::Welcome(welcome) => welcome.fmt(f),
            ServerFrame::Accepted {
                first,
                last,
                seq,
                number,
            } => {
                write!(f, "ACCEPTED id={first}")?;
                match first == last {
                    true => write!(f, " seq={seq} number={number}"),
                    false => write!(f, "..{last} seq={seq}.. number={number}.."),
                }
            }
            ServerFrame::Rejected(Rejection { id, code, .. }) => {
                write!(f, "REJECTED id={id} {code}")
            }
            ServerFrame::Error {
                code, text, last, ..
            } => {
                write!(f, "ERROR {} {text}", code.0)?;
                last.map_or(Ok(()), |last| write!(f, " last={last}"))
            }
            ServerFrame::Deliver(delivery) => write!(f, "DELIVER {delivery}"),
            ServerFrame::Past(delivery) => write!(f, "PAST {delivery}"),
            ServerFrame::History(end) => end.fmt(f),
            ServerFrame::Receipt(receipt) => receipt.fmt(f),
            ServerFrame::Removed {
                conversation,
                up_to,
            } => {
                write!(f, "REMOVED {conversation} {up_to}")
            }
            ServerFrame::Users { names, next } => {
                let more = if next.is_some() { ", more" } else { "" };
                write!(f, "USERS ({} names{more})", names.lines().count())
            }
            ServerFrame::Ping => f.write_str("PING"),
            ServerFrame::Pong => f.write_str("PONG"),
            ServerFrame::Replaced { attempt } => write!(f, "REPLACED try={attempt}"),
            ServerFrame::Bye(bye) => write!(f, "BYE {}", bye.code),
        }
    }
}

impl fmt::Display for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Welcome {
            user,
            head,
            last,
            cursor,
            lost,
            ..
        } = self;
        write!(f, "WELCOME {user} head={head} last={last} cursor={cursor}")?;
        f.write_str(if *lost { " lost" } else { "" })
    }
}

impl fmt::Display for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Delivery {
            seq,
            from,
            to,
            number,
            body,
            removed,
            ..
        } = self;
        write!(f, "{seq} {from} -> {to} number={number} ")?;
        match removed {
            true => f.write_str("(text removed)"),
            false => write!(f, "({} bytes)", body.len()),
        }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Receipt::Delivered { to, up_to } => write!(f, "RECEIPT {to} {up_to}"),
            Receipt::Left { to, up_to, last } => write!(f, "RECEIPT {to} {up_to} left {last}"),
            Receipt::All { seq, count, of } => write!(f, "RECEIPT ALL {seq} {count} of {of}"),
        }
    }
}
