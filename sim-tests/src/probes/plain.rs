//! States that a single event shows, whatever came before it.

use super::Probe;
use crate::history::{ClassicNews, DeviceNews, ServerNews};
use verbatim_core::client::{LineState, Notice, WhyAway, WhyNoHistory, WhyOffline};
use verbatim_core::code::Code;

/// What a line's state shows.
#[inline]
pub(super) fn of_line(state: LineState) -> Option<Probe> {
    match state {
        LineState::Rejected(Code::RECIPIENT_FULL) => Some(Probe::RecipientFull),
        LineState::Left => Some(Probe::LeftTold),
        LineState::Withdrawn => Some(Probe::Withdrawn),
        LineState::Expired => Some(Probe::Expired),
        _ => None,
    }
}

/// What happens at a classic user's end.
pub(super) fn of_classic(news: &ClassicNews) -> Option<Probe> {
    match news {
        ClassicNews::Taken => Some(Probe::NameTakenClassic),
        ClassicNews::Complained => Some(Probe::MiscountTold),
        _ => None,
    }
}

/// What happens at a session user's end, other than to its lines.
pub(super) fn of_device(news: &DeviceNews) -> Option<Probe> {
    match news {
        DeviceNews::Told(notice) => of_notice(notice),
        DeviceNews::Repeated { answer: Ok(_), .. } => Some(Probe::DuplicateSuppressed),
        _ => None,
    }
}

fn of_notice(notice: &Notice) -> Option<Probe> {
    match notice {
        Notice::NoHistory {
            why: WhyNoHistory::Server(_),
            ..
        } => Some(Probe::HistoryOfNobody),
        Notice::Lost { .. } => Some(Probe::LostTold),
        Notice::Removed { .. } => Some(Probe::RemovedTold),
        Notice::Held {
            code: Code::STORAGE_FULL,
            ..
        } => Some(Probe::StorageFull),
        Notice::Away(WhyAway::Replaced) => Some(Probe::ReplacedTold),
        Notice::Away(WhyAway::NameTaken { .. }) => Some(Probe::NameTaken),
        Notice::Offline { why, .. } => match why {
            WhyOffline::NameTaken => Some(Probe::NameTaken),
            WhyOffline::Silent => Some(Probe::SilenceNoticedByClient),
            WhyOffline::Server(Code::SHUTTING_DOWN) => Some(Probe::GoodbyeHeard),
            _ => None,
        },
        _ => None,
    }
}

/// What happens at the server.
pub(super) fn of_server(news: &ServerNews) -> Option<Probe> {
    match news {
        ServerNews::Closing { reason, .. } if reason == "did not take what was sent" => {
            Some(Probe::SlowReaderCut)
        }
        ServerNews::Late(_) => Some(Probe::OldConnectionWokeLate),
        ServerNews::Forwarding { start, .. } if *start > 0 => Some(Probe::ForwardedInPieces),
        _ => None,
    }
}
