//! Frames that those who look on let pass: a session's message, whose end is found without reading what is in it.

use crate::tag::number;

/// The length of the frame that these bytes begin with, if it is whole and of that verb, and its last header tells its
/// body's length, as the project's own encoder writes it. Whoever gets `None` reads the frame.
pub(crate) fn length_of(verb: &[u8], bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes.strip_prefix(verb)?;
    loop {
        let line_end = memchr::memchr(b'\n', rest)?;
        rest = &rest[line_end + 1..];
        if let Some(length) = rest.strip_prefix(b"Content-length: ") {
            let (length, body) = number(length)?;
            let head = bytes.len() - body.strip_prefix(b"\n\n")?.len();
            let length = head.checked_add(usize::try_from(length).ok()?)?;
            return (length <= bytes.len()).then_some(length);
        }
        if rest.starts_with(b"\n") {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::length_of;

    #[test]
    fn a_whole_message_passes_and_nothing_else() {
        let message = b"SEND bob\nId: 1\nContent-length: 2\n\nhiACK 3\n\n";
        assert_eq!(length_of(b"SEND ", message), Some(36));
        assert_eq!(length_of(b"SEND ", &message[..35]), None);
        assert_eq!(length_of(b"DELIVER ", message), None);
        assert_eq!(length_of(b"ACK ", b"ACK 3\n\n"), None);
        let other = b"SEND bob\nContent-length: 2\nId: 1\n\nhi";
        assert_eq!(length_of(b"SEND ", other), None);
    }
}
