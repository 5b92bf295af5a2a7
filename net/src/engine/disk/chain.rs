//! The chain: a hash over each record that holds the one before. It is made where the log is written, not in the core.
//!
//! Link n is SHA-256 of link n-1, of the SHA-256 of the text, and of the record's head. A text can be taken out and its
//! hash left in its place, and the chain still holds; the first link follows 32 zero bytes.

use sha2::{Digest, Sha256};
use std::fmt;
use verbatim_core::id::Seq;

/// A hash of the chain.
pub(super) type Link = [u8; 32];

/// Where the log ends, and the hash that everything before it leads to. Written down elsewhere, it shows whether a log
/// was cut or changed since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// The last record; 0 in an empty log.
    pub head: Seq,
    /// Its link in the chain.
    pub hash: Link,
}

impl Proof {
    /// The proof one record further on.
    pub(super) fn next(&self, head: &[u8], body: &Link) -> Proof {
        let mut hash = Sha256::new();
        hash.update(self.hash);
        hash.update(body);
        hash.update(head);
        Proof {
            head: self.head.next(),
            hash: hash.finalize().into(),
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.head)?;
        self.hash
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What stands in the chain for a text.
pub fn body_hash(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}
