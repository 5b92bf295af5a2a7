//! Frames that those who look on let pass: a session's message, whose end is found without reading what is in it.

use crate::tag::number;
use memchr::memmem;

/// The length of the frame that these bytes begin with, if it is whole and of that verb, and its last header tells its
/// body's length, as the project's own encoder writes it. Whoever gets `None` reads the frame.
#[inline]
pub(crate) fn length_of<const VERB: usize>(verb: &[u8; VERB], bytes: &[u8]) -> Option<usize> {
    if bytes.first_chunk() != Some(verb) {
        return None;
    }
    // No other header of these frames has this sign, and no name or number.
    let (head, rest) = bytes.split_at(memchr::memchr(b'-', bytes)?);
    let (before, content) = head.split_last_chunk()?;
    let (length, digits) = rest.split_first_chunk()?;
    if content != b"\nContent" || length != b"-length: " {
        return None;
    }
    let (length, body) = number(digits)?;
    let (end, body) = body.split_first_chunk()?;
    if end != b"\n\n" || length > body.len() as u64 || has_end(before) {
        return None;
    }
    Some(bytes.len() - body.len() + length as usize)
}

/// Whether a head ends in these bytes. Eight of them are compared at once, each with the one behind it: those at the end,
/// and all others in their order. Nothing stops at the first end, which is rare.
fn has_end(bytes: &[u8]) -> bool {
    let nexts = bytes.get(1..).unwrap_or_default();
    let ones = &bytes[..nexts.len()];
    let (Some(one), Some(next)) = (ones.last_chunk(), nexts.last_chunk()) else {
        return bytes.windows(2).any(|pair| pair == b"\n\n");
    };
    let others = ones.as_chunks().0.iter().zip(nexts.as_chunks().0);
    let found = others.fold(ends(one, next), |found, (one, next)| {
        found | ends(one, next)
    });
    found != 0
}

/// Not zero where both of any two bytes are line ends.
fn ends(ones: &[u8; 8], nexts: &[u8; 8]) -> u64 {
    const LINE_ENDS: u64 = u64::from_ne_bytes([b'\n'; 8]);
    let differs = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes) ^ LINE_ENDS;
    let either = differs(ones) | differs(nexts);
    // Not zero where a byte is: taking one from it sets its highest bit, which was not set.
    either.wrapping_sub(0x0101_0101_0101_0101) & !either & 0x8080_8080_8080_8080
}

/// The length of the frame that these bytes begin with, if its head is whole, of that verb, and tells of no body.
pub(crate) fn bare_length_of(verb: &[u8], bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(verb) {
        return None;
    }
    let head = memmem::find(bytes, b"\n\n")?;
    let body = memmem::find(&bytes[..head], b"\nContent");
    body.is_none().then_some(head + 2)
}

/// The seq and the length of an ack that these bytes begin with, if it is as the project's own encoder writes it.
/// Whoever gets `None` reads the frame.
pub(crate) fn ack_of(bytes: &[u8]) -> Option<(u64, usize)> {
    let (seq, rest) = number(bytes.strip_prefix(b"ACK ")?)?;
    let rest = rest.strip_prefix(b"\n\n")?;
    let plain = bytes[4] != b'0' && seq < SEQ_MAX;
    plain.then_some((seq, bytes.len() - rest.len()))
}

/// No log is so long; what the protocol says of greater numbers, its decoder knows.
const SEQ_MAX: u64 = 1 << 48;

#[cfg(test)]
mod tests {
    use super::{ack_of, bare_length_of, has_end, length_of};

    #[test]
    fn an_end_is_seen_wherever_it_stands() {
        for length in 0..70 {
            assert!(!has_end(&vec![b'a'; length]));
            for at in 1..length {
                let mut bytes = vec![b'a'; length];
                bytes[at] = b'\n';
                assert!(!has_end(&bytes));
                bytes[at - 1] = b'\n';
                assert!(has_end(&bytes), "{at} of {length}");
            }
        }
    }

    #[test]
    fn an_ack_passes_and_nothing_else() {
        assert_eq!(ack_of(b"ACK 37\n\nPING 1\n\n"), Some((37, 8)));
        for other in [
            &b"ACK 37\n"[..],
            b"ACK \n\n",
            b"ACK 3 7\n\n",
            b"ACK 07\n\n",
            b"PING 1\n\n",
        ] {
            assert_eq!(ack_of(other), None);
        }
        assert_eq!(ack_of(b"ACK 999999999999999999\n\n"), None);
    }

    #[test]
    fn a_frame_without_a_body_passes() {
        let hello = b"HELLO 2 ann\nTry: 1\n\n";
        assert_eq!(bare_length_of(b"HELLO ", hello), Some(hello.len()));
        assert_eq!(bare_length_of(b"HELLO ", &hello[..19]), None);
        let odd = b"HELLO 2 ann\nContent-length: 3\n\nabc";
        assert_eq!(bare_length_of(b"HELLO ", odd), None);
    }

    #[test]
    fn a_whole_message_passes_and_nothing_else() {
        let message = b"SEND bob\nId: 1\nContent-length: 2\n\nhiACK 3\n\n";
        assert_eq!(length_of(b"SEND ", message), Some(36));
        assert_eq!(length_of(b"SEND ", &message[..35]), None);
        assert_eq!(length_of(b"DELIVER ", message), None);
        assert_eq!(length_of(b"ACK ", b"ACK 3\n\n"), None);
        let other = b"SEND bob\nContent-length: 2\nId: 1\n\nhi";
        assert_eq!(length_of(b"SEND ", other), None);
        let bare = b"SEND bob\nId: 1\n\nSEND bob\nId: 1\nContent-length: 2\n\nhi";
        assert_eq!(length_of(b"SEND ", bare), None);
    }
}
