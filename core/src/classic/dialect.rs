//! What differs between the programs that speak the classic protocol, and how each is recognised.

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `SENT r`
    Sent,
    /// `SEND r`, as the seed has it.
    Send,
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
}

/// What the way of registering showed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signs {
    /// A head was ended by LF, space, LF.
    pub(crate) spaced_end: bool,
    /// `TOSEND` had a space behind the name.
    pub(crate) trailing_space: bool,
    /// `TORECV` was answered before `TOSEND`.
    pub(crate) receive_first: bool,
    /// Something was answered before both halves were in.
    pub(crate) answered_early: bool,
    /// The second half's connection was accepted only after the first answer.
    pub(crate) connected_late: bool,
}

impl Signs {
    /// The word that this program waits for, if the signs so far tell it whatever comes.
    pub(crate) fn early(self, verb: AckVerb) -> Option<Reply> {
        match verb {
            AckVerb::Sent => Some(Reply::Sent),
            AckVerb::Send => Some(Reply::Send),
            AckVerb::Auto if self.spaced_end => Some(Reply::Send),
            AckVerb::Auto if self.trailing_space => Some(Reply::Sent),
            AckVerb::Auto => None,
        }
    }

    /// The word that this program waits for, once both halves are in.
    pub(crate) fn reply(self, verb: AckVerb) -> Reply {
        let late = self.receive_first || self.connected_late;
        self.early(verb).unwrap_or(if self.answered_early && late {
            Reply::Send
        } else {
            Reply::Sent
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_registering_shows_its_word() {
        let plain = Signs::default();
        let early = Signs {
            answered_early: true,
            ..plain
        };
        let cases = [
            (
                Signs {
                    spaced_end: true,
                    ..plain
                },
                Reply::Send,
            ),
            (
                Signs {
                    trailing_space: true,
                    ..early
                },
                Reply::Sent,
            ),
            (plain, Reply::Sent),
            (
                Signs {
                    receive_first: true,
                    ..early
                },
                Reply::Send,
            ),
            (
                Signs {
                    connected_late: true,
                    ..early
                },
                Reply::Send,
            ),
            (early, Reply::Sent),
        ];
        for (signs, reply) in cases {
            assert_eq!(signs.reply(AckVerb::Auto), reply, "{signs:?}");
            assert_eq!(signs.reply(AckVerb::Sent), Reply::Sent);
            assert_eq!(signs.reply(AckVerb::Send), Reply::Send);
        }
    }
}
