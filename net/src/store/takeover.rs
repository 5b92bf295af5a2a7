//! The older kind of store: a small text with the device's id and its counters. It is read once, and left renamed.

use super::layout::{ALLOTTED, ATTEMPT, DEVICE, KNOWN};
use std::path::Path;
use verbatim_core::id::DeviceId;

const TITLE: &str = "verbatim device 1";

/// What stood in it: the numbers of a store.
pub(super) type Numbers = Vec<(&'static str, u128)>;

/// Reads the text. `None`: it is something else.
pub(super) fn read(text: &str) -> Option<Numbers> {
    let mut lines = text.lines();
    (lines.next()? == TITLE).then_some(())?;
    let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let yes = |value: &str| match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let device = DeviceId::parse_hex(value("device")?)?;
    let attempt: u64 = value("try")?.parse().ok()?;
    let allotted: u64 = value("allotted")?.parse().ok()?;
    let (welcomed, ended) = (yes(value("welcomed")?)?, yes(value("ended")?)?);
    let mut numbers = vec![
        (DEVICE, u128::from_be_bytes(device.secret())),
        (ATTEMPT, u128::from(attempt)),
        (ALLOTTED, u128::from(allotted)),
    ];
    if welcomed {
        numbers.push((KNOWN, if ended { 1 } else { 2 }));
    }
    Some(numbers)
}

/// Puts the text aside, once what stood in it is in the store. If that fails, it is passed over at the next start.
pub(super) fn put_aside(text: &Path) {
    drop(std::fs::rename(text, text.with_extension("device.old")));
}
