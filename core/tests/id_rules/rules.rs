//! The switches of the model: how large the ring is, what may happen, and the faults that can be planted.

/// What a run of the search explores.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How many outcomes of accepted messages the server keeps.
    pub ring: usize,
    /// The most messages that the client leaves unanswered.
    pub window: usize,
    /// Whether queued messages may be withdrawn or expire.
    pub withdrawals: bool,
    /// Whether the client overlooks what it can tell to be wrong: an answer that it does not wait for, a `Last` too low.
    pub careless: bool,
    /// Whether sessions end: a memory server is restarted, or the name is released while the device is away.
    pub losses: bool,
    /// What `HELLO` tells of the answers that the client knows.
    pub known: Known,
    /// Whether the server forgets a connection counter with the connection that it bound.
    pub brief_try: bool,
    /// A rule that is broken on purpose.
    pub fault: Option<Fault>,
}

/// What a client tells of the answers that it knows, so that the server repeats the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The highest id answered, accepted or rejected. A restart may take `Last` below it: the client follows.
    Answered,
    /// The highest id accepted, which no restart undoes. Rejections may be repeated: the client overlooks them.
    Accepted,
}

impl Rules {
    /// The rules as they stand, with a ring and a window of this size.
    pub fn sound(ring: usize) -> Rules {
        Rules {
            ring,
            window: ring,
            withdrawals: true,
            careless: false,
            losses: false,
            known: Known::Answered,
            brief_try: false,
            fault: None,
        }
    }

    /// As `sound`, and sessions end.
    pub fn with_losses() -> Rules {
        Rules {
            losses: true,
            ..Rules::sound(3)
        }
    }

    /// The same rules with a careless client, and nothing withdrawn.
    pub fn careless(self) -> Rules {
        Rules {
            careless: true,
            withdrawals: false,
            ..self
        }
    }

    /// The rules with one of them broken.
    pub fn broken(fault: Fault) -> Rules {
        Rules {
            fault: Some(fault),
            ..Rules::sound(3)
        }
    }

    /// Whether this rule is broken.
    pub fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

/// A rule broken on purpose, to show that the rule is needed and that the search would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Server: what an older connection says still counts after a newer one was bound.
    NoFence,
    /// Server: fences the older connection only when `WELCOME` leaves, not before it reads `Last`.
    FencesLate,
    /// Server: any `HELLO` binds, whatever its `Try`.
    NoTry,
    /// Server: after a passing rejection goes on with the next frame (and finds a gap).
    NoRewind,
    /// Server: after a passing rejection takes what is behind it, as if the refused id had been used.
    TakesWhatIsBehind,
    /// Server: tells as `Last` what is committed instead of waiting for what is appended.
    TellsCommittedLast,
    /// Server: tells as `Last` what is appended without waiting for its commit.
    TellsLastEarly,
    /// Server: tells acceptance before the commit.
    AcceptsEarly,
    /// Server: tells a permanent rejection before the commit of what was appended before it.
    RejectsEarly,
    /// Server: tells a passing rejection before the commit of what was appended before it.
    PassesEarly,
    /// Server: a permanent rejection does not use the id up.
    RejectionKeepsId,
    /// Server: refuses for now without a word.
    PassesInSilence,
    /// Server: gives no answers again after `WELCOME`.
    NoAnswersAgain,
    /// Server: tells the loss of a session only to the first `HELLO` after it.
    TellsLossOnce,
    /// Server: ids begin anew with every connection.
    IdsPerConnection,
    /// Server: `Last` is not rebuilt from the log after a restart.
    ForgetsIds,
    /// Server: a failed commit undoes the records and leaves the connections as they are.
    KeepsConnections,
    /// Client: lets a message be withdrawn after it was sent.
    WithdrawsSent,
    /// Client: on `WELCOME` gives the ids of unanswered messages to others.
    ReusesIds,
    /// Client: on `WELCOME` sends everything unanswered under new ids.
    ResendsUnderNewIds,
    /// Client: messages above `Last` keep their old ids.
    KeepsOldIds,
    /// Client: after a passing rejection requeues that message only, not those behind it.
    RequeuesOne,
    /// Client: sends before `WELCOME`.
    SendsBeforeWelcome,
    /// Client: reads answers from connections that it has given up.
    ReadsOld,
    /// Client: forgets in a crash which ids it gave out.
    ForgetsSent,
    /// Client: forgets its connection counter in a crash.
    ForgetsTry,
    /// Client: does not raise its connection counter, and comes back by itself when it is replaced.
    ComesBackUnchanged,
    /// Client: `Answered` stays where it is when `WELCOME` tells a lower `Last`.
    KeepsAnswered,
    /// Client: takes a `Last` below `Answered` for a loss, even if only rejected ids lie between.
    LostByAnswered,
    /// Client: takes the `Last` of a lost session for that of its own.
    IgnoresLoss,
}
