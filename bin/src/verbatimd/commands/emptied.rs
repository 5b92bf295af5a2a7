//! A text that the log or an export does not have any more, held against the one that the other has: by its hash.
//!
//! An export shows a line break as `\n`, and the two characters `\` and `n` too. So what was written may have been more
//! than one text: one of them must have the hash.

use super::lines::Told;
use crate::clean;
use verbatim_net::engine::disk::body_hash;

/// As many escapes are read in both ways, each for itself; of more, all in the one way or all in the other.
const ESCAPES_MAX: usize = 12;

/// What two lines about one message say of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The log's text was removed, and the export's has its hash.
    Removed,
    /// The log's text was removed, and the export's may have its hash: it has too many escapes to tell.
    Unclear,
    /// The log has the text whose hash the export has.
    ThereAgain,
    /// They differ.
    Differ,
}

/// Compares two lines that are not the same; `hash` is that of the log's text.
pub(super) fn compare(here: &str, there: &str, hash: &str) -> Compared {
    let (Some(here), Some(there)) = (Told::of(here), Told::of(there)) else {
        return Compared::Differ;
    };
    if here.frame != there.frame {
        return Compared::Differ;
    }
    match (here.text, there.text) {
        (Err(_), Ok(text)) => has_hash(text, hash),
        (Ok(_), Err(known)) if known == hash => Compared::ThereAgain,
        _ => Compared::Differ,
    }
}

fn has_hash(written: &str, hash: &str) -> Compared {
    let escapes = escapes(written);
    let count = escapes.len();
    let is_it = |undone: &dyn Fn(usize) -> bool| {
        let text = read(written, &escapes, undone);
        super::hex(&body_hash(text.as_bytes())) == hash
    };
    let found = match count > ESCAPES_MAX {
        true => is_it(&|_| true) || is_it(&|_| false),
        false => (0..1usize << count).any(|ways| is_it(&|index| ways >> index & 1 == 1)),
    };
    match found {
        true => Compared::Removed,
        false if count > ESCAPES_MAX => Compared::Unclear,
        false => Compared::Differ,
    }
}

/// What looks as if it stood for one character: where it begins and ends, and for which.
fn escapes(written: &str) -> Vec<(usize, usize, char)> {
    let found = written.match_indices('\\').filter_map(|(at, _)| {
        let rest = &written[at + 1..];
        let (c, length) = match rest.as_bytes().first()? {
            b'n' => ('\n', 1),
            b'r' => ('\r', 1),
            b't' => ('\t', 1),
            _ => {
                let (digits, _) = rest.strip_prefix("u{")?.split_once('}')?;
                let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                (c, digits.len() + 3)
            }
        };
        let end = at + 1 + length;
        // What stands there is what this character is written as, and not something like it.
        (clean::line(c.encode_utf8(&mut [0; 4])) == written[at..end]).then_some((at, end, c))
    });
    found.collect()
}

fn read(written: &str, escapes: &[(usize, usize, char)], undone: &dyn Fn(usize) -> bool) -> String {
    let (mut text, mut from) = (String::with_capacity(written.len()), 0);
    for (index, (at, end, c)) in escapes.iter().enumerate() {
        if undone(index) {
            text.push_str(&written[from..*at]);
            text.push(*c);
            from = *end;
        }
    }
    text.push_str(&written[from..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> String {
        super::super::hex(&body_hash(text.as_bytes()))
    }

    #[test]
    fn a_text_is_known_again_however_it_was_escaped() {
        for text in [
            "",
            "hi",
            "two\nlines",
            "C:\\new\nthen\t\u{1b}[m",
            "\\u{zz} \\u{41}",
        ] {
            let written = clean::line(text);
            assert_eq!(has_hash(&written, &hash(text)), Compared::Removed, "{text}");
            assert_eq!(has_hash("other", &hash(text)), Compared::Differ, "{text}");
        }
    }

    #[test]
    fn of_many_escapes_it_may_be_unclear() {
        let breaks = "a\n".repeat(30);
        assert_eq!(
            has_hash(&clean::line(&breaks), &hash(&breaks)),
            Compared::Removed
        );
        let mixed = format!("{breaks}\\n");
        assert_eq!(
            has_hash(&clean::line(&mixed), &hash(&mixed)),
            Compared::Unclear
        );
    }

    #[test]
    fn lines_are_compared_by_hash_where_a_text_is_missing() {
        let (full, bare) = (
            "4 t message ann ben 1 cafe a word",
            "4 t message-removed ann ben 1 cafe ",
        );
        let bare = format!("{bare}{}", hash("a word"));
        assert_eq!(compare(&bare, full, &hash("a word")), Compared::Removed);
        assert_eq!(compare(full, &bare, &hash("a word")), Compared::ThereAgain);
        let other = full.replace("word", "ward");
        assert_eq!(compare(&bare, &other, &hash("a word")), Compared::Differ);
        let other = full.replace("ben", "bob");
        assert_eq!(compare(&bare, &other, &hash("a word")), Compared::Differ);
        assert_eq!(
            compare(&bare, "4 t claim ann - - cafe", &hash("a word")),
            Compared::Differ
        );
    }
}
