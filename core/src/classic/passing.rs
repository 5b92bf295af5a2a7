//! What is passed over: the rest of a frame whose body is too long, counted both ways until what follows shows which
//! it was.

use super::dialect::Counting;
use super::lengths::begins_frame;
use alloc::boxed::Box;

/// The rest of a frame, on its way past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passing {
    counting: Counting,
    bytes: u64,
    characters: u64,
}

impl Passing {
    /// So many of what that program counts are to be passed over.
    pub fn new(counting: Counting, length: u64) -> Passing {
        Passing {
            counting,
            bytes: length,
            characters: length,
        }
    }

    /// How many of these bytes belong to it; `None` is left when what follows shows that it is over.
    pub fn pass(passing: &mut Option<Box<Passing>>, bytes: &[u8]) -> usize {
        let (taken, over) = passing.as_mut().map_or((0, false), |rest| rest.take(bytes));
        if over {
            *passing = None;
        }
        taken
    }

    /// Whether something of it has yet to come for certain.
    pub(crate) fn lacks(&self) -> bool {
        match self.counting {
            Counting::Characters => self.characters > 0,
            Counting::Unknown | Counting::Bytes => self.bytes > 0,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> (usize, bool) {
        if self.counting == Counting::Bytes {
            let taken = self.bytes.min(bytes.len() as u64);
            self.bytes -= taken;
            return (taken as usize, self.bytes == 0);
        }
        for (taken, byte) in bytes.iter().enumerate() {
            let begins = byte & 0xc0 != 0x80;
            let over = match self.counting {
                Counting::Characters => self.characters == 0 && begins,
                _ if self.bytes > 0 => false,
                // With as many characters as bytes it makes no difference what was counted.
                _ => self.characters == 0 || begins_frame(&bytes[taken..]),
            };
            if over {
                return (taken, true);
            }
            if self.bytes == 0 {
                self.counting = Counting::Characters;
            }
            self.bytes = self.bytes.saturating_sub(1);
            self.characters = self.characters.saturating_sub(begins.into());
        }
        (bytes.len(), false)
    }
}
