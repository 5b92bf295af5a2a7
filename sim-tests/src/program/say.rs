//! Words on the standard output, of which somebody may have heard enough.

use super::Trouble;
use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stdout};

/// Prints what [`print!`] would.
///
/// # Errors
/// It cannot be written: perhaps since nobody reads any more.
pub(super) fn put(words: Arguments<'_>) -> Result<(), Trouble> {
    stdout()
        .write_fmt(words)
        .map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Trouble::Unheard,
            _ => Trouble::Words(format!("the standard output cannot be written: {error}")),
        })
}

/// Prints a line; whoever calls it ends with why it could not.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::program::say::put(format_args!("{}\n", format_args!($($words)*)))?
    };
}
pub(super) use say;
