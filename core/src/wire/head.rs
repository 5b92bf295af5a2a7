//! The head of a frame, read where it lies. Knows lines and headers, no verbs.

use crate::limits::HEAD_BYTES_MAX;

/// A whole head: a first line of verb and arguments, then header lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// The first word.
    pub verb: &'a str,
    /// The rest of the first line, without the space before it.
    pub arguments: &'a str,
    headers: Headers<'a>,
    /// Bytes of the head, its empty line included.
    pub bytes: usize,
}

/// No frame of this project has more headers; what lies behind so many is looked for line by line.
const MARKED_MAX: usize = 12;

/// Header lines, and where the first of them lie, so that none is searched twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Headers<'a> {
    text: &'a str,
    marks: [Mark; MARKED_MAX],
    marked: usize,
}

/// Where a header line lies in the head: its beginning, its colon and its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    start: u16,
    colon: u16,
    end: u16,
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
    let mut lines = Lines::default();
    let mut end = None;
    for at in memchr::memchr_iter(b'\n', seen) {
        match lines.take(seen, at) {
            Ok(false) => {}
            Ok(true) => {
                end = Some(at);
                break;
            }
            Err(why) => return HeadScan::Broken(why),
        }
    }
    let text = &seen[..end.unwrap_or(seen.len())];
    if !is_printable(text) {
        return HeadScan::Broken("a head is printable ASCII in lines that end with LF");
    }
    let Some((first, end)) = lines.first.zip(end) else {
        return match seen.len() {
            HEAD_BYTES_MAX => HeadScan::Broken("a head has at most 1024 bytes"),
            _ => HeadScan::Partial,
        };
    };
    let text = core::str::from_utf8(text).expect("checked above to be ASCII");
    let (verb, arguments) = text[..first]
        .split_once(' ')
        .unwrap_or((&text[..first], ""));
    if verb.is_empty() || !verb.bytes().all(|b| b.is_ascii_uppercase()) {
        return HeadScan::Broken("a verb is capital letters");
    }
    HeadScan::Whole(Head {
        verb,
        arguments,
        headers: Headers {
            text,
            marks: lines.marks,
            marked: lines.marked,
        },
        bytes: end + 1,
    })
}

/// The lines of a head, as they are found.
#[derive(Default)]
struct Lines {
    /// The end of the first one.
    first: Option<usize>,
    /// Where the next one begins.
    next: usize,
    marks: [Mark; MARKED_MAX],
    marked: usize,
}

impl Lines {
    /// Takes the line that ends there; whether it is the empty one behind the head.
    fn take(&mut self, seen: &[u8], at: usize) -> Result<bool, &'static str> {
        let start = core::mem::replace(&mut self.next, at + 1);
        match self.first {
            None if at == start => Err("a frame begins with a verb, not with an empty line"),
            None => {
                self.first = Some(at);
                Ok(false)
            }
            Some(_) if at == start => Ok(true),
            Some(_) => {
                // Names are short: a plain walk is at the colon before a search has begun.
                let name = seen[start..at].iter().position(|byte| *byte == b':');
                let name = name.ok_or("a header is 'Name: value'")?;
                if let Some(mark) = self.marks.get_mut(self.marked) {
                    // A head is shorter than what 16 bits count.
                    let [start, colon, end] = [start, start + name, at].map(|at| at as u16);
                    *mark = Mark { start, colon, end };
                    self.marked += 1;
                }
                Ok(false)
            }
        }
    }
}

/// Looks at every byte, without an early end, so that the compiler can take many at once.
fn is_printable(text: &[u8]) -> bool {
    let bad = |b: &u8| u8::from(!matches!(b, b' '..=b'~' | b'\n'));
    text.iter().map(bad).fold(0, |sum, bad| sum | bad) == 0
}

impl<'a> Head<'a> {
    /// The value of the first header of that name (compared without case), without the spaces around it.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.value(name).map(trim_spaces)
    }

    /// The arguments, one by one.
    pub fn words(&self) -> core::str::Split<'a, char> {
        self.arguments.split(' ')
    }
}

impl<'a> Headers<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        let marks = &self.marks[..self.marked];
        let marked = marks.iter().find(|mark| {
            let (start, colon) = (usize::from(mark.start), usize::from(mark.colon));
            colon - start == name.len()
                && self.text.as_bytes()[start..colon].eq_ignore_ascii_case(name.as_bytes())
        });
        match marked {
            Some(mark) => {
                let (after, end) = (usize::from(mark.colon) + 1, usize::from(mark.end));
                Some(&self.text[after..end])
            }
            None if self.marked == MARKED_MAX => self.unmarked(name),
            None => None,
        }
    }

    /// The same among the lines behind those that are marked.
    fn unmarked(&self, name: &str) -> Option<&'a str> {
        let behind = usize::from(self.marks[MARKED_MAX - 1].end) + 1;
        let lines = self.text.get(behind..)?.split('\n');
        let mut headers = lines.filter_map(|line| line.split_once(':'));
        let (_, value) = headers.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

fn trim_spaces(text: &str) -> &str {
    let mut text = text;
    while let Some(rest) = text.strip_prefix(' ') {
        text = rest;
    }
    while let Some(rest) = text.strip_suffix(' ') {
        text = rest;
    }
    text
}

/// So many digits never overflow 64 bits.
pub(super) const DIGITS_MAX: usize = 19;

/// Reads a decimal number: digits alone, no sign, no overflow.
pub fn decimal(text: &str) -> Option<u64> {
    number(text.as_bytes())
}

/// As [`decimal`].
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    if digits.len() <= DIGITS_MAX {
        return digits.iter().try_fold(0u64, |sum, digit| {
            let digit = digit.wrapping_sub(b'0');
            (digit <= 9).then(|| sum * 10 + u64::from(digit))
        });
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
    fn a_header_behind_many_is_found_too() {
        let many: alloc::string::String = (0..40).map(|n| alloc::format!("X{n}: {n}\n")).collect();
        let text = alloc::format!("PING\n{many}Id: 7\nX3: late\n\n");
        let HeadScan::Whole(head) = scan_head(text.as_bytes()) else {
            panic!("whole head")
        };
        assert_eq!(
            (head.header("id"), head.header("x39")),
            (Some("7"), Some("39"))
        );
        assert_eq!((head.header("x3"), head.header("x40")), (Some("3"), None));
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
