//! What a person got wrong in a plan's text.

use std::fmt;

/// What is wrong in a plan's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// In which line, from 1.
    pub line: usize,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake {
            line,
            found,
            expected,
        } = self;
        write!(f, "line {line}: found {found:?}; expected {expected}")
    }
}

impl std::error::Error for Mistake {}
