//! States that a single event shows, whatever came before it.

use super::Probe;
use crate::history::{ClassicNews, DeviceNews, ServerNews, What};
use verbatim_core::client::{LineState, Notice, WhyAway, WhyNoHistory, WhyOffline};
use verbatim_core::code::Code;

/// The states that one event shows.
pub(super) fn plain(what: &What) -> Option<Probe> {
    match what {
        What::Device(_, news) => of_device(news),
        What::Classic(_, ClassicNews::Taken) => Some(Probe::NameTakenClassic),
        What::Classic(_, ClassicNews::Complained) => Some(Probe::MiscountTold),
        What::Server(news) => of_server(news),
        What::Blocked(links) if *links > 1 => Some(Probe::PartitionsOverlapped),
        _ => None,
    }
}

fn of_device(news: &DeviceNews) -> Option<Probe> {
    match news {
        DeviceNews::Line { state, .. } => match state {
            LineState::Rejected(Code::RECIPIENT_FULL) => Some(Probe::RecipientFull),
            LineState::Left => Some(Probe::LeftTold),
            LineState::Withdrawn => Some(Probe::Withdrawn),
            LineState::Expired => Some(Probe::Expired),
            _ => None,
        },
        DeviceNews::Told(notice) => of_notice(notice),
        DeviceNews::Wrote { message, .. } => message.may_repeat.then_some(Probe::RepeatMarked),
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

fn of_server(news: &ServerNews) -> Option<Probe> {
    match news {
        ServerNews::Closing { reason, .. } if reason == "did not take what was sent" => {
            Some(Probe::SlowReaderCut)
        }
        ServerNews::Late(_) => Some(Probe::OldConnectionWokeLate),
        ServerNews::Forwarding { start, .. } if *start > 0 => Some(Probe::ForwardedInPieces),
        ServerNews::Appended { stamp, wall, .. } if stamp > wall => Some(Probe::ClockWentBack),
        _ => None,
    }
}
