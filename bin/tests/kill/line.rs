//! What the users write: each line follows from its writer and a counter, so that an audit knows it without having seen
//! it.

use std::fmt::Write;
use verbatim_core::name::{Name, Recipient};

/// How many users there are.
pub const USERS: usize = 6;
/// One line in so many is for `ALL`.
const ALL_EVERY: u64 = 16;

/// A user's name.
pub fn name(user: usize) -> Name {
    Name::parse(format!("user{user}").as_bytes()).expect("letters and a digit")
}

/// The user of that name.
pub fn user_of(name: &Name) -> usize {
    let digit = name.as_str().trim_start_matches("user");
    digit.parse().expect("only our users are here")
}

/// Whom a writer's line is for; `None`: `ALL`.
pub fn to(writer: usize, counter: u64) -> Option<usize> {
    let others = USERS as u64 - 1;
    (!counter.is_multiple_of(ALL_EVERY)).then(|| (writer + 1 + (counter % others) as usize) % USERS)
}

/// The same as a recipient.
pub fn recipient(writer: usize, counter: u64) -> Recipient {
    to(writer, counter).map_or(Recipient::All, |user| Recipient::User(name(user)))
}

/// Appends a line's text: who, which, and letters of a length that differs from line to line.
pub fn write_body(writer: usize, counter: u64, out: &mut String) {
    write!(out, "{writer} {counter} ").expect("a string takes all that is written");
    let letters = match counter % 97 {
        0 => 9_000,
        few => few as usize * 2,
    };
    out.extend(std::iter::repeat_n('x', letters));
}

/// Reads a line's writer and counter back, if it is whole.
pub fn read_body(body: &str) -> Option<(usize, u64)> {
    let mut words = body.split(' ');
    let (writer, counter) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let mut whole = String::new();
    write_body(writer, counter, &mut whole);
    (whole == body).then_some((writer, counter))
}
