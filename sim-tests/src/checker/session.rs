//! The session level: neither end of a talk between a client that ships and the server hears what the other may not say, and
//! receipts only grow.

use super::rule::{Rule, Verdict};
use crate::history::{DeviceNews, ServerNews, Who};
use crate::ledger::Ledger;
use verbatim_core::client::{Notice, WhyAway, WhyNoHistory, WhyOffline};
use verbatim_core::code::Code;
use verbatim_core::name::Recipient;

/// What no correct client is told.
const FAULTS: [Code; 7] = [
    Code::NOT_REGISTERED,
    Code::HEADER_INCOMPLETE,
    Code::VERSION,
    Code::UNKNOWN_VERB,
    Code::NOT_UTF8,
    Code::GAP,
    Code::FUTURE_ACK,
];

#[derive(Default)]
pub(super) struct Session;

impl Rule for Session {
    const NAME: &'static str = "The session level";

    fn on_door(&mut self, _: &Ledger, news: &ServerNews) -> Verdict {
        match news {
            ServerNews::ReceiptShrank { conn, what } => {
                Err(format!("connection {conn} was told {what}"))
            }
            _ => Ok(()),
        }
    }

    fn on_device(&mut self, _: &Ledger, (who, news): (Who, &DeviceNews)) -> Verdict {
        let DeviceNews::Told(notice) = news else {
            return Ok(());
        };
        match notice {
            Notice::Offline {
                why: WhyOffline::Garbage(what),
                ..
            } => Err(format!("u{who} heard what no server may say: {what}")),
            Notice::Offline {
                why: WhyOffline::Server(code),
                ..
            }
            | Notice::Away(WhyAway::Refused { code, .. })
            | Notice::NoUsers(code)
                if FAULTS.contains(code) =>
            {
                Err(format!("u{who} was told that it did wrong: {code}"))
            }
            Notice::NoHistory {
                why: WhyNoHistory::Server(code),
                with,
            } if *code != Code::UNABLE_TO_SEND || *with == Recipient::All => {
                Err(format!("u{who} was refused the history of {with}: {code}"))
            }
            Notice::Away(WhyAway::Cloned) => Err(format!("u{who} was told that it is a clone")),
            _ => Ok(()),
        }
    }
}
