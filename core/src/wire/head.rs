//! The head of a frame, read where it lies. Knows lines and headers, no verbs.

use crate::limits::HEAD_BYTES_MAX;

/// A whole head: a first line of verb and arguments, then header lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// The first word.
    pub verb: &'a str,
    /// The rest of the first line, without the space before it.
    pub arguments: &'a str,
    headers: &'a str,
    /// Bytes of the head, its empty line included.
    pub bytes: usize,
}

/// What the beginning of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadScan<'a> {
    /// No empty line yet, and nothing wrong so far.
    Partial,
    /// A head.
    Whole(Head<'a>),
    /// No head, however it goes on; the text says why.
    Broken(&'static str),
}

/// Reads a head from the beginning of `bytes`.
pub fn scan_head(bytes: &[u8]) -> HeadScan<'_> {
    let seen = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    let (mut first, mut line, mut end) = (None, 0, None);
    for at in memchr::memchr_iter(b'\n', seen) {
        match first {
            _ if at == line && first.is_none() => {
                return HeadScan::Broken("a frame begins with a verb, not with an empty line");
            }
            _ if at == line => {
                end = Some(at);
                break;
            }
            None => first = Some(at),
            Some(_) if memchr::memchr(b':', &seen[line..at]).is_none() => {
                return HeadScan::Broken("a header is 'Name: value'");
            }
            Some(_) => {}
        }
        line = at + 1;
    }
    let text = &seen[..end.unwrap_or(seen.len())];
    if !is_printable(text) {
        return HeadScan::Broken("a head is printable ASCII in lines that end with LF");
    }
    let Some((first, end)) = first.zip(end) else {
        return match seen.len() {
            HEAD_BYTES_MAX => HeadScan::Broken("a head has at most 1024 bytes"),
            _ => HeadScan::Partial,
        };
    };
    let text = core::str::from_utf8(text).expect("checked above to be ASCII");
    let space = memchr::memchr(b' ', &text.as_bytes()[..first]).unwrap_or(first);
    let (verb, arguments) = (&text[..space], &text[(space + 1).min(first)..first]);
    if verb.is_empty() || !verb.bytes().all(|b| b.is_ascii_uppercase()) {
        return HeadScan::Broken("a verb is capital letters");
    }
    let headers = &text[first + 1..];
    HeadScan::Whole(Head {
        verb,
        arguments,
        headers,
        bytes: end + 1,
    })
}

/// Looks at every byte, without an early end, so that the compiler can take many at once.
fn is_printable(text: &[u8]) -> bool {
    let bad = |b: &u8| u8::from(!matches!(b, b' '..=b'~' | b'\n'));
    text.iter().map(bad).fold(0, |sum, bad| sum | bad) == 0
}

impl<'a> Head<'a> {
    /// The value of the first header of that name (compared without case), without the spaces around it.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.headers;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let (line, colon) = (&rest[..end], name.len());
            if line.as_bytes().get(colon) == Some(&b':')
                && line.as_bytes()[..colon].eq_ignore_ascii_case(name.as_bytes())
            {
                return Some(trim_spaces(&line[colon + 1..]));
            }
            rest = &rest[(end + 1).min(rest.len())..];
        }
        None
    }

    /// The arguments, one by one.
    pub fn words(&self) -> core::str::Split<'a, char> {
        self.arguments.split(' ')
    }
}

fn trim_spaces(text: &str) -> &str {
    let start = text.bytes().take_while(|b| *b == b' ').count();
    let spaces = text.as_bytes()[start..]
        .iter()
        .rev()
        .take_while(|b| **b == b' ')
        .count();
    &text[start..text.len() - spaces]
}

/// Reads a decimal number: digits alone, no sign, no overflow.
pub fn decimal(text: &str) -> Option<u64> {
    let digits = text.as_bytes();
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_where_it_lies() {
        let HeadScan::Whole(head) = scan_head(b"SEND bob\nId: 7\nCONTENT-length:  2 \n\nhi") else {
            panic!("whole head")
        };
        assert_eq!((head.verb, head.arguments, head.bytes), ("SEND", "bob", 36));
        assert_eq!(head.header("content-Length"), Some("2"));
        assert_eq!(head.header("nothing"), None);
    }

    #[test]
    fn broken_before_it_is_whole() {
        assert_eq!(scan_head(b"SEND b"), HeadScan::Partial);
        assert!(matches!(scan_head(b"SE\x00ND"), HeadScan::Broken(_)));
        assert!(matches!(scan_head(b"\n"), HeadScan::Broken(_)));
        assert!(matches!(
            scan_head(&[b'A'; HEAD_BYTES_MAX]),
            HeadScan::Broken(_)
        ));
        assert!(matches!(scan_head(b"send b\n\n"), HeadScan::Broken(_)));
        assert!(matches!(
            scan_head(b"SEND b\nno header\n\n"),
            HeadScan::Broken(_)
        ));
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        assert_eq!(decimal("18446744073709551616"), None);
        assert_eq!(decimal("-1"), None);
        assert_eq!(decimal("+1"), None);
        assert_eq!(decimal(""), None);
    }
}
