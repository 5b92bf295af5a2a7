//! What differs between the programs that speak the classic protocol, as tables, and how each is recognised.
//!
//! A program is answered in the way in which it writes: its heads' end, its count, the line end behind its lines. What
//! its own frames do not show, which word it waits for, is read off the way in which it registers.

use super::frame::Side;
use crate::code::Code;

/// Which word a server acknowledges a `SEND` with. About half of the programs want each, and none takes the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AckVerb {
    /// Told from the way a program registers.
    #[default]
    Auto,
    /// Always `SENT`.
    Sent,
    /// Always `SEND`.
    Send,
}

/// The word that one user's `SEND`s are answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reply {
    /// `SENT r`
    #[default]
    Sent,
    /// `SEND r`, as the seed has it.
    Send,
}

/// How a head ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// With an empty line; or with less than that, which is answered with an empty line all the same.
    #[default]
    Plain,
    /// With a line that holds a space.
    Spaced,
}

impl End {
    /// The bytes behind the last header.
    pub const fn text(self) -> &'static str {
        match self {
            End::Plain => "\n\n",
            End::Spaced => "\n \n",
        }
    }
}

/// The manner in which a frame is answered: that of the program that wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// The word that it waits for.
    pub reply: Reply,
    /// How its own head ended.
    pub end: End,
}

impl Manner {
    /// An error's text. Programs compare it whole, and those that want `SEND` spell this one as the seed does.
    pub fn text(self, code: Code) -> &'static str {
        match (code, self.reply) {
            (Code::HEADER_INCOMPLETE, Reply::Send) => "Header Incomplete",
            _ => code.text(),
        }
    }
}

/// What a program's `Content-length` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counting {
    /// Not seen yet: nothing but ASCII came. Served with bytes, as the protocol's text says.
    #[default]
    Unknown,
    /// Bytes.
    Bytes,
    /// Characters, as the seed does.
    Characters,
}

impl Counting {
    /// The length of a text in this count.
    pub fn length(self, text: &str) -> usize {
        match self {
            Counting::Unknown | Counting::Bytes => text.len(),
            Counting::Characters => text.chars().count(),
        }
    }

    /// Takes over what a line showed, if it showed something.
    pub fn learn(&mut self, shown: Counting) {
        if shown != Counting::Unknown {
            *self = shown;
        }
    }
}

/// What a client's frame does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Register,
    Send,
    Received,
    Complaint,
}

/// The verbs of a client, as programs spell them, in any case.
pub(crate) const VERBS: &[(&str, Verb)] = &[
    ("REGISTER", Verb::Register),
    ("SEND", Verb::Send),
    ("RECEIVED", Verb::Received),
    ("RECIEVED", Verb::Received),
    ("ERROR", Verb::Complaint),
];

/// The headers that tell a text's length, by their letters alone.
const LENGTHS: &[&str] = &["contentlength"];

/// Whether a header is the length, whatever the case of its letters and what stands between them.
pub(crate) fn names_length(header: &str) -> bool {
    let is = |name: &&str| {
        let letters = header.bytes().filter(u8::is_ascii_alphabetic);
        letters
            .map(|letter| letter.to_ascii_lowercase())
            .eq(name.bytes())
    };
    LENGTHS.iter().any(is)
}

/// What the way of registering showed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signs {
    /// A head was ended by LF, space, LF.
    pub(crate) spaced_end: bool,
    /// `TOSEND` had a space behind the name.
    pub(crate) trailing_space: bool,
    /// Which half was answered before both were in, and how many connections had been accepted by then.
    pub(crate) answered: Option<(Side, u64)>,
    /// Which accepted connection is the second half's.
    pub(crate) second: u64,
}

/// A sign, and the word that it means.
type Row = (fn(&Signs) -> bool, Reply);

/// Which sign means which word: the first row that applies. No row: `SENT`.
const WORDS: &[Row] = &[
    (|signs| signs.spaced_end, Reply::Send),
    (|signs| signs.trailing_space, Reply::Sent),
    (|signs| signs.answered.is_none(), Reply::Sent),
    (|signs| signs.answered_first(Side::Receive), Reply::Send),
    (|signs| signs.connected_late(), Reply::Send),
];

/// How many of these rows say the same whatever comes.
const EARLY: usize = 2;

impl Signs {
    /// The word that this program waits for, if the signs so far tell it whatever comes.
    pub(crate) fn early(&self, verb: AckVerb) -> Option<Reply> {
        self.first(verb, &WORDS[..EARLY])
    }

    /// The word that this program waits for, once both halves are in.
    pub(crate) fn reply(&self, verb: AckVerb) -> Reply {
        self.first(verb, WORDS).unwrap_or(Reply::Sent)
    }

    fn answered_first(&self, side: Side) -> bool {
        self.answered.is_some_and(|(first, _)| first == side)
    }

    /// The second half's connection was accepted only after the first answer.
    fn connected_late(&self) -> bool {
        self.answered
            .is_some_and(|(_, accepted)| self.second > accepted)
    }

    fn first(&self, verb: AckVerb, words: &[Row]) -> Option<Reply> {
        match verb {
            AckVerb::Sent => Some(Reply::Sent),
            AckVerb::Send => Some(Reply::Send),
            AckVerb::Auto => words
                .iter()
                .find(|(applies, _)| applies(self))
                .map(|(_, word)| *word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_registering_shows_its_word() {
        let plain = Signs::default();
        let answered = |side| Signs {
            answered: Some((side, 7)),
            second: 6,
            ..plain
        };
        let (spaced_end, trailing_space, early) = (true, true, answered(Side::Send));
        let cases = [
            (
                Signs {
                    spaced_end,
                    ..plain
                },
                Reply::Send,
            ),
            (
                Signs {
                    trailing_space,
                    ..early
                },
                Reply::Sent,
            ),
            (plain, Reply::Sent),
            (answered(Side::Receive), Reply::Send),
            (Signs { second: 8, ..early }, Reply::Send),
            (early, Reply::Sent),
        ];
        for (signs, reply) in cases {
            assert_eq!(signs.reply(AckVerb::Auto), reply, "{signs:?}");
            assert_eq!(signs.reply(AckVerb::Sent), Reply::Sent);
            assert_eq!(signs.reply(AckVerb::Send), Reply::Send);
            let early = signs.early(AckVerb::Auto);
            assert!(early.is_none_or(|early| early == reply));
        }
    }

    #[test]
    fn the_length_is_known_by_its_letters() {
        for header in [
            "Content-length",
            "content-LENGTH",
            " Content Length",
            "ContentLength",
        ] {
            assert!(names_length(header), "{header}");
        }
        assert!(!names_length("Content-type") && !names_length("X-Colour"));
    }
}
