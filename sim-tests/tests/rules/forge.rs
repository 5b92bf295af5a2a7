//! How one event of a history is changed, dropped or put in.

use sim_tests::history::{DeviceNews, Event, What};
use verbatim_core::client::Notice;

/// A run's history.
pub type Events = Vec<Event>;

/// Changes the first event that is fit for it.
pub fn alter(events: &mut Events, mut change: impl FnMut(&mut What) -> Option<()>) -> Option<()> {
    events.iter_mut().find_map(|event| change(&mut event.what))
}

/// Drops the first such event.
pub fn drop_first(events: &mut Events, is: impl FnMut(&Event) -> bool) -> Option<()> {
    let at = events.iter().position(is)?;
    events.remove(at);
    Some(())
}

/// Puts in what follows from the first event from which anything does, right behind it.
pub fn put_behind(
    events: &mut Events,
    mut follows: impl FnMut(&What) -> Option<What>,
) -> Option<()> {
    let mut what = events.iter().map(|event| follows(&event.what));
    let (index, what) = what
        .by_ref()
        .enumerate()
        .find_map(|(index, what)| Some((index, what?)))?;
    let at = events[index].at;
    events.insert(index + 1, Event { at, what });
    Some(())
}

/// What a client is told in this event.
pub fn told(what: &What) -> Option<(usize, &Notice)> {
    match what {
        What::Device(who, DeviceNews::Told(notice)) => Some((*who, notice)),
        _ => None,
    }
}
