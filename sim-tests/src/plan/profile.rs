//! What kind of runs a seed draws from.

use std::fmt;

/// See the module's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Everything: each kind of fault, of act and of user is on in some runs only.
    Swarm,
    /// The same, with few users for a short time: many of them are soon run.
    Small,
    /// Eight session users who write fifty lines each, while hosts are cut off: what rates are told of.
    Standard,
    /// What the rate of the world of events is measured with: eight session users, fifty lines each to others, ten
    /// at a time, while every host is cut off once; with quick heartbeats, so that little of it is time that passes.
    Rate,
    /// No faults, and time enough between any two things that their order is certain: every substrate shows the same.
    Calm,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Profile::Swarm => "swarm",
            Profile::Small => "small",
            Profile::Standard => "standard",
            Profile::Rate => "rate",
            Profile::Calm => "calm",
        })
    }
}
