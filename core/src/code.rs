//! Codes of refusals and errors: what a program can act on; the text beside them is for people.

use core::fmt;

/// A refusal's number on the wire. 100 to 104 are the classic protocol's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

/// What a code says about the message and the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 100 to 149: about this message or request; its id is used up, the next one goes on.
    Permanent,
    /// 150 to 169: about the server; the id is not used, try again later.
    Passing,
    /// Everything else: the connection ends.
    Fatal,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal $text:literal;)*) => {
        impl Code {
            $($(#[$doc])* pub const $name: Code = Code($number);)*

            /// Every code there is, for tests that compare them with the document.
            pub const EVERY: &'static [Code] = &[$(Code::$name),*];

            /// The text that goes with the code on the wire.
            pub fn text(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                    _ => "Unknown",
                }
            }
        }
    };
}

codes! {
    /// A name that breaks the rules of names.
    MALFORMED_NAME = 100 "Malformed username";
    /// Something was asked before a registration or a `HELLO`.
    NOT_REGISTERED = 101 "No user registered";
    /// The recipient is not there.
    UNABLE_TO_SEND = 102 "Unable to send";
    /// A head that cannot be read, or a frame whose parts do not fit.
    HEADER_INCOMPLETE = 103 "Header incomplete";
    /// Another holder has the name.
    NAME_TAKEN = 104 "Username taken";
    /// Authentication failed (reserved: there is none yet).
    AUTH = 105 "Not authenticated";
    /// No common version of the protocol.
    VERSION = 106 "Version not spoken";
    /// An id was used before for another message, or is older than what is remembered.
    CONFLICT = 110 "Conflict";
    /// A verb that this server does not know.
    UNKNOWN_VERB = 111 "Unknown verb";
    /// A body over the limit that `WELCOME` told.
    TOO_LONG = 112 "Too long";
    /// A body that is not UTF-8.
    NOT_UTF8 = 113 "Not UTF-8";
    /// The recipient is owed as much as it may be.
    RECIPIENT_FULL = 114 "Recipient full";
    /// Rejected earlier; the reason is forgotten.
    NOT_TAKEN = 115 "Not taken";
    /// The server has too much to do.
    BUSY = 150 "Busy";
    /// The log has no room.
    STORAGE_FULL = 151 "Storage full";
    /// An id beyond the next one.
    GAP = 170 "Gap";
    /// An ack beyond what was delivered.
    FUTURE_ACK = 171 "Future ack";
    /// A frame was begun and not finished in time.
    TOO_SLOW = 172 "Too slow";
    /// Not a byte for too long.
    SILENT = 173 "Silent";
    /// The server ends.
    SHUTTING_DOWN = 180 "Shutting down";
}

impl Code {
    /// Which of the three kinds this code is.
    pub const fn class(self) -> Class {
        match self.0 {
            100..=149 => Class::Permanent,
            150..=169 => Class::Passing,
            _ => Class::Fatal,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.text())
    }
}
