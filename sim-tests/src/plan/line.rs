//! A line of a plan's text, word by word, with what is expected where another one stands.

use super::RUN_MAX;
use std::str::FromStr;

/// What a line should be, told to who wrote it otherwise.
pub(super) type Expected = String;

/// The words of a line, one after the other.
pub(super) struct Words<'a>(std::str::SplitWhitespace<'a>);

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str) -> Words<'a> {
        Words(line.split_whitespace())
    }

    pub(super) fn next(&mut self, expected: &str) -> Result<&'a str, Expected> {
        self.0.next().ok_or_else(|| expected.into())
    }

    pub(super) fn value<T: FromStr>(&mut self, expected: &str) -> Result<T, Expected> {
        let word = self.next(expected)?;
        word.parse().map_err(|_| expected.into())
    }

    pub(super) fn within(&mut self, first: u64, last: u64) -> Result<u64, Expected> {
        let expected = format!("a number from {first} to {last}");
        let number = self.value(&expected)?;
        match (first..=last).contains(&number) {
            true => Ok(number),
            false => Err(expected),
        }
    }

    pub(super) fn below(&mut self, end: usize, what: &str) -> Result<usize, Expected> {
        let expected = format!("the number of one of the {end} {what}s that stand above");
        let number = self.value(&expected)?;
        match number < end {
            true => Ok(number),
            false => Err(expected),
        }
    }

    /// The next one of a list that is numbered from 0.
    pub(super) fn exactly(&mut self, number: usize, what: &str) -> Result<(), Expected> {
        let expected = format!(
            "{what} {number}, as they are numbered from 0 (what a {what} does has its time before it)"
        );
        match self.value::<usize>(&expected)? == number {
            true => Ok(()),
            false => Err(expected),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<&'a str, Expected> {
        let expected = || format!("{name}= and its value");
        let word = self.0.next().ok_or_else(expected)?;
        let value = word
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='));
        value.ok_or_else(expected)
    }

    pub(super) fn field<T: FromStr>(&mut self, name: &str) -> Result<T, Expected> {
        let expected =
            format!("{name}= and its value, a number or true or false as `plan` prints it");
        self.text(name)?.parse().map_err(|_| expected)
    }

    /// A number of at most so much.
    pub(super) fn at_most(&mut self, name: &str, most: u64) -> Result<u64, Expected> {
        let expected = format!("{name}= and a number up to {most}");
        let number = self.text(name)?.parse().map_err(|_| expected.clone())?;
        match number <= most {
            true => Ok(number),
            false => Err(expected),
        }
    }

    /// A span of time, in milliseconds.
    pub(super) fn span(&mut self, name: &str) -> Result<u64, Expected> {
        self.at_most(name, RUN_MAX)
    }

    pub(super) fn end(&mut self) -> Result<(), Expected> {
        match self.0.next() {
            None => Ok(()),
            Some(word) => Err(format!("nothing after it, not {word:?}")),
        }
    }
}
