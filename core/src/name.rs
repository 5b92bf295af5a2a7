//! Names of users, and whom a message is for. Parsed at the door, so that a bad name cannot exist inside.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

/// The longest name in bytes. The seed sets none; 32 keeps a name inline and a line readable.
pub const NAME_BYTES_MAX: usize = 32;

/// The reserved word for everybody else.
pub const ALL: &str = "ALL";

/// A user's name: 1 to 32 ASCII letters and digits, never `ALL`. Keeps its spelling, compares without case.
#[derive(Clone, Copy)]
pub struct Name {
    len: u8,
    bytes: [u8; NAME_BYTES_MAX],
}

/// Why some bytes are not a [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// No byte at all.
    Empty,
    /// More than [`NAME_BYTES_MAX`] bytes.
    TooLong,
    /// Something other than an ASCII letter or digit.
    Character,
    /// The word `ALL`, in any case.
    Reserved,
}

impl Name {
    /// Parses a name.
    ///
    /// # Errors
    /// [`BadName`] says which rule the bytes break.
    pub fn parse(text: &[u8]) -> Result<Name, BadName> {
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        if text.len() > NAME_BYTES_MAX {
            return Err(BadName::TooLong);
        }
        if !text.iter().all(u8::is_ascii_alphanumeric) {
            return Err(BadName::Character);
        }
        if text.eq_ignore_ascii_case(ALL.as_bytes()) {
            return Err(BadName::Reserved);
        }
        let mut bytes = [0; NAME_BYTES_MAX];
        bytes[..text.len()].copy_from_slice(text);
        Ok(Name {
            len: text.len() as u8,
            bytes,
        })
    }

    /// The name that these bytes begin with: letters and digits, as far as there are any and as a name reaches. Whoever
    /// reads it knows what must stand behind a name.
    #[inline]
    pub(crate) fn prefix(text: &[u8]) -> Result<Name, BadName> {
        let mut name = Name {
            len: 0,
            bytes: [0; NAME_BYTES_MAX],
        };
        for (byte, read) in name.bytes.iter_mut().zip(text) {
            if !read.is_ascii_alphanumeric() {
                break;
            }
            *byte = *read;
            name.len += 1;
        }
        match name.as_bytes() {
            [] => Err(BadName::Empty),
            word if word.eq_ignore_ascii_case(ALL.as_bytes()) => Err(BadName::Reserved),
            _ => Ok(name),
        }
    }

    /// The name as it was spelt.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("parse let only ASCII in")
    }

    /// As [`Name::as_str`], in bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The bytes of the name, and zeros behind them.
    pub(crate) fn padded(&self) -> &[u8; NAME_BYTES_MAX] {
        &self.bytes
    }

    /// The form that names are compared by.
    pub fn key(&self) -> NameKey {
        let mut words = [0; NAME_BYTES_MAX / 8];
        for (word, folded) in words.iter_mut().zip(self.folded()) {
            *word = folded;
        }
        NameKey(words)
    }

    /// The words of that form, one after the other: most names differ in the first.
    fn folded(&self) -> impl Iterator<Item = u64> {
        self.bytes.as_chunks::<8>().0.iter().map(|bytes| {
            let spelt = u64::from_be_bytes(*bytes);
            // Of letters, digits and zero only letters have this bit, and the next lower one makes them lower case.
            spelt | (spelt & 0x4040_4040_4040_4040) >> 1
        })
    }
}

// Most names that are the same are spelt the same, which is seen at once.
impl PartialEq for Name {
    #[inline]
    fn eq(&self, other: &Name) -> bool {
        self.bytes == other.bytes || self.folded().eq(other.folded())
    }
}
impl Eq for Name {}
impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Name {
    #[inline]
    fn cmp(&self, other: &Name) -> Ordering {
        match self.bytes == other.bytes {
            true => Ordering::Equal,
            false => self.folded().cmp(other.folded()),
        }
    }
}
impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name folded to lower case: the key under which the one holder of a name is found.
/// Unused bytes are zero, which no name contains, so comparing big-endian words compares names, and quickly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey([u64; NAME_BYTES_MAX / 8]);

impl NameKey {
    /// The words that are compared, for a hash over the name.
    pub(crate) fn words(&self) -> &[u64] {
        &self.0
    }
}

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// One user.
    User(Name),
    /// Everybody else.
    All,
}

impl Recipient {
    /// Parses a name or the word `ALL` (in any case).
    ///
    /// # Errors
    /// [`BadName`] as for a name; never [`BadName::Reserved`].
    pub fn parse(text: &[u8]) -> Result<Recipient, BadName> {
        match Name::parse(text) {
            Ok(name) => Ok(Recipient::User(name)),
            Err(BadName::Reserved) => Ok(Recipient::All),
            Err(bad) => Err(bad),
        }
    }

    /// As [`Recipient::as_str`], in bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Recipient::User(name) => name.as_bytes(),
            Recipient::All => ALL.as_bytes(),
        }
    }

    /// As it stands in frames and on screens.
    pub fn as_str(&self) -> &str {
        match self {
            Recipient::User(name) => name.as_str(),
            Recipient::All => ALL,
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl BadName {
    /// The broken rule, for people.
    pub const fn text(self) -> &'static str {
        match self {
            BadName::Empty => "a name needs at least one letter or digit",
            BadName::TooLong => "a name has at most 32 letters and digits",
            BadName::Character => "a name has only the letters a-z, A-Z and the digits 0-9",
            BadName::Reserved => "ALL means everybody, nobody can be called that",
        }
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn names_keep_spelling_and_compare_without_case() {
        let (a, b) = (Name::parse(b"Bob7").unwrap(), Name::parse(b"bOB7").unwrap());
        assert_eq!(a, b);
        assert_eq!(a.key(), b.key());
        assert_eq!(a.as_str(), "Bob7");
        assert!(Name::parse(b"bo").unwrap() < a);
    }

    #[test]
    fn what_is_no_name() {
        assert_eq!(Name::parse(b""), Err(BadName::Empty));
        assert_eq!(Name::parse(&[b'a'; 33]), Err(BadName::TooLong));
        assert_eq!(Name::parse(b"a b"), Err(BadName::Character));
        assert_eq!(Name::parse("é".as_bytes()), Err(BadName::Character));
        assert_eq!(Name::parse(b"aLl"), Err(BadName::Reserved));
        assert_eq!(Recipient::parse(b"all"), Ok(Recipient::All));
    }

    #[test]
    fn who_typed_no_name_reads_which_rule_it_breaks() {
        let words = |text: &[u8]| format!("{}", Name::parse(text).unwrap_err());
        assert!(words(b"").contains("at least one"));
        assert!(words(&[b'a'; 33]).contains(&format!("at most {NAME_BYTES_MAX}")));
        assert!(words(b"a b").contains("letters a-z, A-Z and the digits 0-9"));
        assert!(words(b"all").contains("ALL means everybody"));
    }
}
