//! What kind of runs a seed draws from.

use std::fmt;

/// See the module's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Everything: each kind of fault, of act and of user is on in some runs only.
    Swarm,
    /// Eight session users who write fifty lines each, while hosts are cut off: what rates are told of.
    Standard,
    /// No faults, and time enough between any two things that their order is certain: every substrate shows the same.
    Calm,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Profile::Swarm => "swarm",
            Profile::Standard => "standard",
            Profile::Calm => "calm",
        })
    }
}
