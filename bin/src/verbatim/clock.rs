//! Times of day, where the user is.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A stamp in milliseconds since 1970 as `13:45`, with the day if that is not today's.
pub(crate) fn text(stamp: u64, now: u64) -> String {
    let local = |millis: u64| {
        let millis = i64::try_from(millis).ok()?;
        let time = Timestamp::from_millisecond(millis).ok()?;
        Some(time.to_zoned(TimeZone::system()))
    };
    match (local(stamp), local(now)) {
        (Some(time), Some(now)) if time.date() == now.date() => time.strftime("%H:%M").to_string(),
        (Some(time), _) => time.strftime("%Y-%m-%d %H:%M").to_string(),
        (None, _) => "--:--".into(),
    }
}

/// A stamp in milliseconds since 1970 as `2026-01-31T12:00:00Z`, the same everywhere.
pub(crate) fn universal(stamp: u64) -> String {
    let time = i64::try_from(stamp).ok();
    let time = time.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    time.map_or_else(
        || "----".into(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_needs_no_day_and_nonsense_no_panic() {
        let now = 1_700_000_000_000;
        assert_eq!(text(now, now).len(), 5);
        assert_eq!(text(0, now).len(), 16);
        assert_eq!(text(u64::MAX, now), "--:--");
        assert_eq!(universal(now), "2023-11-14T22:13:20Z");
        assert_eq!(universal(u64::MAX), "----");
    }
}
