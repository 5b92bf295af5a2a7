//! Every bound there is, with its unit, its default and its reason. What is not bounded here is not allowed to grow.

use core::time::Duration;

/// The longest head of a frame in bytes, its empty line included. Part of the protocol (IRC allows 512, HTTP servers 8 KiB).
pub const HEAD_BYTES_MAX: usize = 1024;

/// How many outcomes a device's ring keeps, and so the most messages that a client may leave without an answer.
/// Part of the protocol: it is what makes duplicates impossible with constant state and no time limit.
pub const UNANSWERED_MAX: usize = 64;

/// How many recipients who gave up their names one sender is still told of, though its device has not said that it
/// knows. Part of the log's meaning: what a space remembers of them must not depend on an option.
pub const LEFT_REMEMBERED_MAX: usize = 1_024;

/// How many starts of the server a log remembers, to know the epochs of cursors by: one a day for a century and more.
pub const STARTS_REMEMBERED_MAX: usize = 65_536;

/// The bounds of one server, or of one client where they have a meaning there.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest body of a message, in bytes. 64 KiB: far over any typed line, and a window of them is still small.
    pub body_bytes_max: usize,
    /// A longer announced body than this many bytes is not read to its end: the connection closes.
    pub skipped_bytes_max: u64,
    /// Connections at once, registered or not. Beyond it the newest is closed with `BUSY`. (nats-server: 65,536.)
    pub connections_max: usize,
    /// Connections at once that have not registered; beyond it the oldest of them makes room, so that silent ones bar nobody.
    pub unregistered_connections_max: usize,
    /// Users at once, of both levels.
    pub users_max: usize,
    /// Most un-acked deliveries on one session, whatever the client asks for.
    pub window_deliveries_max: u32,
    /// Most bytes of un-acked deliveries on one session (one delivery is always allowed).
    pub window_bytes_max: u64,
    /// Bytes handed to a connection and not yet written at which the server stops reading from it.
    pub unwritten_bytes_max: usize,
    /// Bytes that one connection may have waiting unread in the core while the server does not read from it.
    pub unread_bytes_max: usize,
    /// From the opening of a connection to its registration.
    pub registration_time_max: Duration,
    /// Silence on the sending side after which a heartbeat goes out.
    pub heartbeat_time: Duration,
    /// The server's heartbeats that are due within one such span go out together at its end. A client that keeps the same
    /// time speaks first then, and the answer to it is the server's sign of life: half as many frames.
    pub heartbeat_grain: Duration,
    /// Silence on the receiving side after which the other end counts as dead.
    pub silence_time_max: Duration,
    /// From the first byte of a frame to its last.
    pub frame_time_max: Duration,
    /// How long what was handed to a connection may stay unwritten.
    pub write_time_max: Duration,
    /// How long a name is held for a device that is away (level `memory`, or a device without a store).
    pub away_time_max: Duration,
    /// The same for a device that keeps a store, at level `disk`: time in which a laptop comes back from a holiday.
    pub away_kept_time_max: Duration,
    /// How long the engine may not know how far a user has come (level `disk`).
    pub cursor_interval: Duration,
    /// Least time between two rounds of receipts to one session.
    pub receipt_interval: Duration,
    /// How long an answer may wait for a delivery to travel with, on a connection on which the two alternate (as TCP
    /// delays its acks where an answer is likely to follow).
    pub answer_delay: Duration,
    /// Messages to `ALL` whose receipts are still counted; older ones stay where they are.
    pub broadcasts_counted_max: usize,
    /// Devices that gave up their names whose connection counters are remembered.
    pub former_devices_max: usize,
    /// Recipients who gave up their names of whom one sender is still told how it ended.
    pub left_remembered_max: usize,
    /// Bytes appended and not committed beyond which messages are refused as `busy`.
    pub uncommitted_bytes_max: u64,
    /// Bytes that one user may be owed (bodies and heads) before mail to it is refused. (IRC's sendq: 1 MiB or so.)
    pub owed_bytes_max: u64,
    /// What one stored message counts beside its frame, in bytes: what the memory engine keeps around it.
    pub message_overhead_bytes: u64,
    /// What the memory engine may keep in all, in bytes.
    pub log_bytes_max: u64,
    /// What the memory engine keeps of what nobody is owed any more, in bytes: the latest lines, and little enough to
    /// stay in a processor's cache.
    pub history_bytes_max: u64,
    /// How old a message may become that nobody is owed; `None`: any age. Only where the operator asks for it.
    pub kept_time_max: Option<Duration>,
    /// What the log may keep before messages go that nobody is owed, oldest first, in bytes as above; `None`: what it may
    /// hold at all. Only where the operator asks for it.
    pub kept_bytes_max: Option<u64>,
    /// How often it is looked for messages that may go by the two above.
    pub retention_interval: Duration,
    /// What records with bodies must leave free, in bytes, so that claims and releases always fit.
    pub log_reserve_bytes: u64,
    /// Most messages in one page read from the log.
    pub page_messages_max: usize,
    /// Most bytes in one page read from the log (one message is always allowed).
    pub page_bytes_max: usize,
    /// Most messages in one page of a history: what few screens hold, and a small answer beside a full window (IRC's
    /// `CHATHISTORY`: 50 to 1,000).
    pub past_messages_max: usize,
    /// Most bytes in one page of a history (one message is always allowed): as much as a page of a feed.
    pub past_bytes_max: usize,
    /// Most names in one `USERS` page.
    pub users_page_max: usize,
    /// How long a client should wait before it tries again what was passing.
    pub retry_time: Duration,
    /// The spread over which clients are asked to come back after a goodbye.
    pub goodbye_spread: Duration,
    /// Classic level: how long a recipient may take for its `RECEIVED`.
    pub classic_ack_time_max: Duration,
    /// Classic level: how long the answer to a `REGISTER` may wait for the other half.
    pub classic_pairing_time: Duration,
    /// Classic level: from the answer to a registration to the first `FORWARD`, so that one that reads once reads each alone.
    pub classic_settle_time: Duration,
    /// Classic level: quiet after which an ambiguous body counts as whole.
    pub classic_quiet_time: Duration,
    /// Classic level: silence after which a head counts as whole that has not a single line end.
    pub classic_end_time: Duration,
    /// Classic level: lines waiting for one recipient, beyond which senders are refused.
    pub classic_waiting_max: usize,
    /// Classic level: longest `FORWARD` in bytes, head and body: real receivers read once.
    pub classic_forward_bytes_max: usize,
    /// Client: first wait before a new connection; doubles up to `backoff_time_max`, with full jitter.
    pub backoff_time: Duration,
    /// Client: longest wait before a new connection.
    pub backoff_time_max: Duration,
    /// Client: how long opening a connection and the wait for `WELCOME` may take, each.
    pub connect_time_max: Duration,
    /// Client of the classic level: how long a line may stay without an answer.
    pub classic_answer_time_max: Duration,
    /// Client: messages put together from the pages of one history.
    pub recalled_messages_max: usize,
    /// Client: lines queued without an answer, beyond which a line is refused to the person who typed it.
    pub outbox_messages_max: usize,
}

const KIB: usize = 1024;
const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Limits {
        DEFAULT
    }
}

const DEFAULT: Limits = Limits {
    body_bytes_max: 64 * KIB,
    skipped_bytes_max: MIB,
    connections_max: 20_000,
    unregistered_connections_max: 1_024,
    users_max: 16_384,
    window_deliveries_max: 256,
    window_bytes_max: 256 * KIB as u64,
    unwritten_bytes_max: 512 * KIB,
    unread_bytes_max: 256 * KIB,
    registration_time_max: Duration::from_secs(10),
    heartbeat_time: Duration::from_secs(5),
    heartbeat_grain: Duration::from_millis(500),
    silence_time_max: Duration::from_secs(15),
    frame_time_max: Duration::from_secs(60),
    write_time_max: Duration::from_secs(15),
    away_time_max: Duration::from_secs(60),
    away_kept_time_max: Duration::from_secs(30 * 24 * 60 * 60),
    cursor_interval: Duration::from_millis(100),
    receipt_interval: Duration::from_millis(250),
    answer_delay: Duration::from_millis(1),
    broadcasts_counted_max: 1_024,
    former_devices_max: 1_024,
    left_remembered_max: 1_024,
    uncommitted_bytes_max: 8 * MIB,
    owed_bytes_max: 8 * MIB,
    message_overhead_bytes: 128,
    log_bytes_max: 64 * MIB,
    history_bytes_max: 4 * MIB,
    kept_time_max: None,
    kept_bytes_max: None,
    retention_interval: Duration::from_secs(1),
    log_reserve_bytes: MIB,
    page_messages_max: 64,
    page_bytes_max: 64 * KIB,
    past_messages_max: 100,
    past_bytes_max: 64 * KIB,
    users_page_max: 256,
    retry_time: Duration::from_millis(500),
    goodbye_spread: Duration::from_secs(2),
    classic_ack_time_max: Duration::from_secs(10),
    classic_pairing_time: Duration::from_millis(150),
    classic_settle_time: Duration::from_millis(100),
    classic_quiet_time: Duration::from_millis(50),
    classic_end_time: Duration::from_millis(500),
    classic_waiting_max: 64,
    classic_forward_bytes_max: 1_000,
    backoff_time: Duration::from_millis(250),
    backoff_time_max: Duration::from_secs(15),
    connect_time_max: Duration::from_secs(10),
    classic_answer_time_max: Duration::from_secs(30),
    recalled_messages_max: 1_000,
    outbox_messages_max: 10_000,
};
