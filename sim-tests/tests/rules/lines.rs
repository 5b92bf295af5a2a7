//! Forged: what clients are told of their lines.

use super::forge::{Events, alter, put_behind};
use sim_tests::history::{DeviceNews, What};
use verbatim_core::client::LineState;
use verbatim_core::code::Code;

fn state(what: &mut What) -> Option<&mut LineState> {
    match what {
        What::Device(_, DeviceNews::Line { state, .. }) => Some(state),
        _ => None,
    }
}

fn is(what: &What, wanted: LineState) -> bool {
    matches!(what, What::Device(_, DeviceNews::Line { state, .. }) if *state == wanted)
}

pub fn accepted_with_another_number(events: &mut Events) -> Option<()> {
    alter(events, |what| match state(what)? {
        LineState::Accepted { number, .. } => {
            number.0 += 1;
            Some(())
        }
        _ => None,
    })
}

pub fn sent_twice(events: &mut Events) -> Option<()> {
    put_behind(events, |what| {
        is(what, LineState::Sent).then(|| what.clone())
    })
}

pub fn refused_and_in_the_log(events: &mut Events) -> Option<()> {
    alter(events, |what| {
        let state = state(what)?;
        let accepted = matches!(state, LineState::Accepted { .. });
        accepted.then(|| *state = LineState::Rejected(Code::UNABLE_TO_SEND))
    })
}

pub fn unknown_without_a_reason(events: &mut Events) -> Option<()> {
    put_behind(events, |what| {
        let mut unknown = what.clone();
        *state(&mut unknown)? = LineState::Unknown;
        is(what, LineState::Sent).then_some(unknown)
    })
}

/// The last one that is.
pub fn never_delivered(events: &mut Events) -> Option<()> {
    let delivered = |what: &What| is(what, LineState::Delivered);
    let at = events.iter().rposition(|event| delivered(&event.what))?;
    events.remove(at);
    Some(())
}
