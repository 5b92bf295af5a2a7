//! Frames that those who look on let pass: a session's message, whose end is found without reading its head.

/// The length of the frame that these bytes begin with, if it is whole and of that verb, and its last header tells its
/// body's length, as the project's own encoder writes it. Whoever gets `None` reads the frame.
pub(crate) fn length_of(verb: &[u8], bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(verb) {
        return None;
    }
    let end = memchr::memmem::find(bytes, b"\n\n")?;
    let digits = bytes[..end].iter().rev();
    let digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
    let head = bytes[..end - digits].strip_suffix(b"\nContent-length: ")?;
    let body = std::str::from_utf8(&bytes[end - digits..end]).ok()?;
    let length = end + 2 + body.parse::<usize>().ok()?;
    (!head.is_empty() && length <= bytes.len()).then_some(length)
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
    }
}
