//! How many connections the system lets this program have. Silent ones must not take the last descriptor: then nobody
//! could come in until they are closed.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use verbatim_core::limits::Limits;

/// Descriptors that are no connections: standard streams, the port, the runtime's own, the log's, one being closed.
const OTHERS: usize = 64;

/// Asks for as many descriptors as this program may have, and tells how many that are; `None` if the system does not say.
pub(crate) fn raised() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => Some(hard),
        Err(_) => Some(soft),
    }
}

/// Limits under which registered and silent connections find room in so many descriptors.
pub(crate) fn fit(limits: Limits, descriptors: Option<u64>) -> Limits {
    let Some(descriptors) = descriptors.and_then(|count| usize::try_from(count).ok()) else {
        return limits;
    };
    let room = descriptors.saturating_sub(OTHERS).max(4);
    if room < limits.connections_max {
        tracing::warn!(
            "the system allows {descriptors} descriptors: at most {room} connections; raise it with ulimit -n"
        );
    }
    let connections_max = limits.connections_max.min(room);
    Limits {
        connections_max,
        unregistered_connections_max: limits.unregistered_connections_max.min(connections_max / 4),
        ..limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_connections_leave_room_for_others() {
        let fitted = fit(Limits::default(), Some(256));
        assert_eq!(fitted.connections_max, 192);
        assert_eq!(fitted.unregistered_connections_max, 48);
        let plenty = fit(Limits::default(), Some(1_000_000));
        assert_eq!(plenty.connections_max, Limits::default().connections_max);
    }
}
