//! One of a classic user's two connections: what has come on it, and how such a program reads it.

/// See the module's words.
#[derive(Default)]
pub(super) struct Half {
    pub(super) is_open: bool,
    pub(super) unread: Vec<u8>,
}

/// What was read on the receive connection.
pub(super) enum Forward {
    Nothing,
    Whole(String, String),
    /// Its length is not what this program counts.
    Miscounted,
    Misread(String),
}

impl Half {
    /// A frame without a body. One who reads once takes all that there is for it.
    pub(super) fn take_head(&mut self, reads_once: bool) -> Option<String> {
        let end = match reads_once {
            true if self.unread.is_empty() => return None,
            true => self.unread.len(),
            false => find(&self.unread, b"\n\n")? + 2,
        };
        let frame = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        self.unread.drain(..end);
        Some(match frame.strip_suffix("\n\n") {
            Some(head) => head.into(),
            None => frame,
        })
    }

    /// What has come for it.
    pub(super) fn take_forward(&mut self, reads_once: bool) -> Forward {
        if self.unread.is_empty() {
            return Forward::Nothing;
        }
        let Some(body_at) = find(&self.unread, b"\n\n").map(|at| at + 2) else {
            return if reads_once {
                self.misread()
            } else {
                Forward::Nothing
            };
        };
        let head = String::from_utf8_lossy(&self.unread[..body_at]).into_owned();
        let Some((from, length)) = read_head(&head) else {
            return self.misread();
        };
        let end = if reads_once {
            self.unread.len()
        } else {
            body_at + length
        };
        if self.unread.len() < end {
            return Forward::Nothing;
        }
        let Ok(text) = String::from_utf8(self.unread[body_at..end].to_vec()) else {
            return self.misread();
        };
        self.unread.drain(..end);
        match reads_once && text.chars().count() != length {
            true => Forward::Miscounted,
            false => Forward::Whole(from, text),
        }
    }

    fn misread(&self) -> Forward {
        Forward::Misread(String::from_utf8_lossy(&self.unread).into_owned())
    }
}

/// From whom a `FORWARD` is, and its length.
fn read_head(head: &str) -> Option<(String, usize)> {
    let mut lines = head.lines();
    let from = lines.next()?.strip_prefix("FORWARD ")?;
    let length = lines.next()?.strip_prefix("Content-length: ")?;
    Some((from.into(), length.parse().ok()?))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
