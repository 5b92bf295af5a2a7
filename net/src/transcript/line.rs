//! One line of a transcript: when, who, which way, what.

use std::fmt::Write;
use std::time::Duration;

/// Which way a line points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A frame to the server.
    ToServer,
    /// A frame from it.
    FromServer,
    /// Something that happened at one end alone.
    Local,
    /// What the network did.
    Network,
}

impl Mark {
    const fn sign(self) -> char {
        match self {
            Mark::ToServer => '>',
            Mark::FromServer => '<',
            Mark::Local => '!',
            Mark::Network => ' ',
        }
    }
}

/// Appends a line; the network's `who` is `--`.
pub fn put_line(out: &mut String, at: Duration, who: &str, mark: Mark, what: &str) {
    let sign = mark.sign();
    writeln!(out, "{:>6}ms  {who:<8} {sign} {what}", at.as_millis())
        .expect("a string takes every line");
}

/// A text in quotes, with every character that could deceive a reader escaped.
pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_form_that_reviewers_know() {
        let mut out = String::new();
        put_line(
            &mut out,
            Duration::from_millis(12),
            "alice",
            Mark::FromServer,
            "PONG",
        );
        put_line(
            &mut out,
            Duration::from_millis(200),
            "--",
            Mark::Network,
            "partition alice | server",
        );
        let form = "    12ms  alice    < PONG\n   200ms  --         partition alice | server\n";
        assert_eq!(out, form);
    }

    #[test]
    fn a_body_cannot_deceive_its_reader() {
        assert_eq!(
            quoted("a\n\u{1b}[2J\"\u{202e}é"),
            "\"a\\n\\u{1b}[2J\\\"\\u{202e}é\""
        );
    }
}
