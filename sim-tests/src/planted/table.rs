//! All planted bugs by name, with what each imitates.

use super::bounded::{ForgetsNothing, UnwrittenUncounted};
use super::classic::{
    AnswersOfAPipelineSwapped, LetterBetweenPieces, ReceivedWhenSent, RefusedThoughReceived,
    SentThoughRefused,
};
use super::clients::{AckOneMore, AckedBeforeWritten, ReturnsUnasked, TryNotKept};
use super::disks::{
    CountsInMemory, CursorsInMemory, FailedCommitGoesOn, FullIsAccepted, FullUsesTheId,
    IdsForgotten, NameNotSynced,
};
use super::duplicates::{
    AgainIsConflict, ConflictUnnoticed, CursorOneBack, FedTwice, GapTaken, IdsPerConnection,
    LineReplayed, ResumeIsNoAck, StoredTwice,
};
use super::fencing::{NamesWithCase, OldNotFenced, OldStillSpeaks, TryNotChecked};
use super::history::{MoreUntold, OfTheFirstHolder, OldestFirst, PageOneShort, PastDelivered};
use super::identity::{SecretInError, SenderOfTheLast, ToTheNeighbour};
use super::liveness::{
    AnswerLost, AnswersNotToldAgain, DropsForEver, NeverReadsOn, PageForgotten, PingIsNoLife,
};
use super::loss::{
    AcceptedBeforeCommit, AcceptedThoughRefused, AudienceTakenEarly, CursorOneAhead,
    ForgetsTooMuch, OldestDropped, PageCutShort, RefusedThoughKept, TextCut,
};
use super::order::{
    AnswersSwapped, FeedSwapped, FeedsNotMerged, NumbersPerSender, TakenByRecipient,
};
use super::receipts::{
    CountedWithSender, LatestIsDelivered, LeftAsDelivered, LeftUntold, NotToldLater, OlderToldLast,
    OneInFourLost,
};
use super::time::{DeadlinesByWall, StampedByWall};
use super::transport::{
    ByteLost, HeadInOneRead, LetterChanged, OneFrameARead, SegmentTwice, SegmentsSwapped,
};
use super::windows::{
    AckOpensAll, AckedWhenSent, FutureAckTaken, OldFlightCounts, WindowIgnored, WindowOneMore,
};
use super::{Bug, ON_DISKS};
use crate::power;
use std::fmt;
use std::str::FromStr;

/// A bug that can be planted.
pub struct Planting {
    /// What it is called.
    pub name: &'static str,
    /// The mistake that it stands for, in a line.
    pub imitates: &'static str,
    /// Where it is planted.
    pub plant: Plant,
}

/// Where a bug is planted, and so what hunts it.
#[derive(Clone, Copy)]
pub enum Plant {
    /// At the doors of the cores: plans, run in the world of events.
    Plans(Door),
    /// At the disk engine: its power cuts.
    Power(power::Bug),
    /// At a client's store: its power cuts.
    Store(power::store::Bug),
}

/// A bug of the cores' doors, as it is made.
#[derive(Clone, Copy)]
pub struct Door(fn() -> Box<dyn Bug>);

/// One of the table.
#[derive(Clone, Copy)]
pub struct BugId(&'static Planting);

macro_rules! planted {
    ($($name:literal $bug:expr, $imitates:literal;)*) => {
        /// Every bug there is.
        pub const PLANTED: &[Planting] = &[$(Planting {
            name: $name,
            imitates: $imitates,
            plant: Plant::Plans(Door(|| Box::new($bug))),
        }),*];
    };
}

planted! {
    "feed-swapped" FeedSwapped, "two deliveries that leave together change places";
    "answers-swapped" AnswersSwapped, "two answers that leave together change places";
    "feeds-not-merged" FeedsNotMerged, "a page has one's own messages first, then those to all";
    "numbers-per-sender" NumbersPerSender::default(), "a conversation numbers each member's messages";
    "taken-by-recipient" TakenByRecipient::default(), "of two lines that come together the second is taken first";
    "ids-per-connection" IdsPerConnection::default(), "ids are remembered while a connection lives";
    "again-is-conflict" AgainIsConflict, "a repeated message is refused as another one";
    "conflict-unnoticed" ConflictUnnoticed::default(), "another text under a known id gets the old answer";
    "gap-taken" GapTaken::default(), "an id beyond the next one is taken for the next one";
    "line-replayed" LineReplayed::default(), "at resume the last line is taken once more";
    "fed-twice" FedTwice::default(), "each fifth delivery leaves twice";
    "stored-twice" StoredTwice, "a commit that is tried again has its records twice";
    "cursor-one-back" CursorOneBack, "the feed resumes one record too early";
    "resume-is-no-ack" ResumeIsNoAck, "the cursor of HELLO counts for nothing";
    "cursor-one-ahead" CursorOneAhead, "the feed resumes one record too late";
    "accepted-before-commit" AcceptedBeforeCommit, "what is appended counts as committed";
    "oldest-dropped" OldestDropped, "the oldest of four waiting messages is dropped";
    "page-cut-short" PageCutShort, "a page says that it goes further than it does";
    "audience-taken-early" AudienceTakenEarly::default(), "a message to all goes to a list from before a join";
    "forgets-too-much" ForgetsTooMuch, "the log forgets what somebody is owed";
    "text-cut" TextCut, "a text is stored up to its hundredth byte";
    "refused-though-kept" RefusedThoughKept::default(), "an accepted message is told to be rejected";
    "accepted-though-refused" AcceptedThoughRefused::default(), "a rejected message is told to be accepted";
    "old-not-fenced" OldNotFenced, "the older connection of a session stays open";
    "old-still-speaks" OldStillSpeaks::default(), "what a replaced connection says has an effect";
    "try-not-checked" TryNotChecked::default(), "nobody looks at a device's connection counter";
    "names-with-case" NamesWithCase, "ANN and ann are two names";
    "returns-unasked" ReturnsUnasked, "a client that was replaced comes back by itself";
    "try-not-kept" TryNotKept, "a client's connection counter is not stored";
    "not-told-later" NotToldLater, "receipts reach only senders who are there";
    "left-untold" LeftUntold, "nobody hears that a recipient left";
    "left-as-delivered" LeftAsDelivered, "what a recipient left behind counts as delivered";
    "counted-with-sender" CountedWithSender, "the sender of a message to all counts as one who has it";
    "latest-is-delivered" LatestIsDelivered::default(), "a receipt tells the last message sent";
    "older-told-last" OlderToldLast::default(), "a receipt is followed by the one before it";
    "one-in-four-lost" OneInFourLost::default(), "each fourth receipt is dropped";
    "answers-not-told-again" AnswersNotToldAgain, "answers that did not arrive are not told at resume";
    "answer-lost" AnswerLost::default(), "each eighth answer is lost";
    "page-forgotten" PageForgotten::default(), "each fourth page asked for is never read";
    "never-reads-on" NeverReadsOn, "a connection that was paused stays so";
    "ping-is-no-life" PingIsNoLife, "the idle timer is not reset by heartbeats";
    "drops-for-ever" DropsForEver::default(), "after a passing rejection nothing is taken any more";
    "window-ignored" WindowIgnored, "nobody looks at what a device can take";
    "window-one-more" WindowOneMore, "the window takes one delivery more";
    "ack-opens-all" AckOpensAll::default(), "an ack is one for everything that flies";
    "future-ack-taken" FutureAckTaken::default(), "an ack of what never came is one of all that did";
    "acked-when-sent" AckedWhenSent, "a delivery counts as acked when it has left";
    "old-flight-counts" OldFlightCounts::default(), "deliveries of a replaced connection stay in the window";
    "unwritten-uncounted" UnwrittenUncounted, "what a connection does not take piles up";
    "forgets-nothing" ForgetsNothing, "the log keeps what it was told to forget";
    "secret-in-error" SecretInError, "an error tells the device id";
    "sender-of-the-last" SenderOfTheLast::default(), "a delivery is from the sender of the one before";
    "to-the-neighbour" ToTheNeighbour::default(), "a delivery goes to another connection";
    "history-one-short" PageOneShort, "a page of a history ends one message too early";
    "history-of-first-holder" OfTheFirstHolder::default(), "a history is the one with who held the name first";
    "history-oldest-first" OldestFirst, "a history begins with the oldest, whatever is asked for";
    "history-more-untold" MoreUntold, "a page of a history is told to be the last";
    "history-delivered" PastDelivered, "a history is sent as deliveries";
    "stamped-by-wall" StampedByWall::default(), "stamps go back when the wall clock does";
    "deadlines-by-wall" DeadlinesByWall::default(), "deadlines are kept on the wall clock";
    "received-when-sent" ReceivedWhenSent::default(), "FORWARD leaves before the last RECEIVED";
    "letter-between-pieces" LetterBetweenPieces, "a long line loses a letter where it is cut";
    "refused-though-received" RefusedThoughReceived::default(), "a received line is answered with 102";
    "sent-though-refused" SentThoughRefused, "an undeliverable line is answered with SENT";
    "pipeline-swapped" AnswersOfAPipelineSwapped::default(), "an error answers the wrong line of a pipeline";
    "segment-twice" SegmentTwice::default(), "a segment is written twice";
    "segments-swapped" SegmentsSwapped::default(), "a segment overtakes another";
    "byte-lost" ByteLost::default(), "a short write loses a byte";
    "letter-changed" LetterChanged::default(), "a byte of a text becomes another one";
    "head-in-one-read" HeadInOneRead::default(), "a frame that one read does not hold is lost";
    "one-frame-a-read" OneFrameARead::default(), "of two frames in one read the second is lost";
    "acked-before-written" AckedBeforeWritten, "a client acks before it has written";
    "ack-one-more" AckOneMore, "a client acks one message more than it has";
    "ids-forgotten" IdsForgotten::default(), "ids taken are forgotten at a restart of the server";
    "cursors-in-memory" CursorsInMemory, "cursors, and so receipts, are kept in memory only";
    "counts-in-memory" CountsInMemory, "how many have a message to all is kept in memory only";
    "name-not-synced" NameNotSynced, "the log's file is synced but not its directory";
    "failed-commit-goes-on" FailedCommitGoesOn::default(), "a commit that failed counts as returned";
    "full-is-accepted" FullIsAccepted, "a full disk is answered as accepted";
    "full-uses-the-id" FullUsesTheId::default(), "a line refused for lack of room uses its id up";
}

impl BugId {
    /// All of them.
    pub fn every() -> impl Iterator<Item = BugId> {
        PLANTED.iter().chain(ON_DISKS).map(BugId)
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The mistake that it stands for.
    pub fn imitates(self) -> &'static str {
        self.0.imitates
    }

    /// Where it is planted.
    pub fn planted(self) -> Plant {
        self.0.plant
    }

    /// It, if it is planted in plans.
    pub(super) fn plant(self) -> Option<Box<dyn Bug>> {
        match self.0.plant {
            Plant::Plans(Door(plant)) => Some(plant()),
            Plant::Power(_) | Plant::Store(_) => None,
        }
    }
}

impl fmt::Display for Plant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Plant::Plans(_) => "plans",
            Plant::Power(_) => "power",
            Plant::Store(_) => "store",
        })
    }
}

impl fmt::Debug for BugId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BugId {
    type Err = String;

    /// One that a plan can have.
    fn from_str(text: &str) -> Result<BugId, String> {
        let found = BugId::every().find(|bug| bug.name() == text);
        if found.is_some_and(|bug| bug.plant().is_none()) {
            return Err(format!(
                "no plan can have that one, which is planted at a disk; `kill-matrix {text}` hunts it"
            ));
        }
        found.ok_or_else(|| {
            "no planted bug has that name; `kill-matrix --list` tells them all".into()
        })
    }
}
