//! What can go wrong with a log, told so that an operator knows what to do.

use std::fmt;

/// What kind of trouble it is, which decides what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no room: it passes when somebody makes some.
    Full,
    /// A sync failed. What is on the disk is unknown from then on, and trying again would only hide that.
    Sync,
    /// The system refused to read or write.
    Io,
    /// What is there is no log, or not a whole one.
    Damaged,
    /// A later version of this program wrote it.
    Newer,
    /// Another process has it.
    InUse,
}

/// A log that cannot be used, with the reason in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind.
    pub fault: Fault,
    /// What happened to what, and what to do.
    pub text: String,
}

impl Failure {
    /// A failure of that kind.
    pub fn new(fault: Fault, text: impl Into<String>) -> Failure {
        let text = text.into();
        Failure { fault, text }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}
