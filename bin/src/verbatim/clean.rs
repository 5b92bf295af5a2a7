//! The sanitiser: nothing that came from elsewhere reaches a terminal as a control sequence.
//!
//! Names, bodies, and the words of servers pass through here. What could steer a terminal, reorder what is read,
//! break a line, or hide, is shown as an escape of visible ASCII; all else stays as it is.

use std::borrow::Cow;
use std::fmt::Write;

/// One line of visible text: line breaks become `\n`, controls `\u{1b}` and the like.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => clean.push_str("\\n"),
            '\r' => clean.push_str("\\r"),
            '\t' => clean.push_str("\\t"),
            c if is_unsafe(c) => {
                write!(clean, "\\u{{{:x}}}", u32::from(c)).expect("a String takes everything");
            }
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

/// The lines of a text, each cleaned; for a screen that marks which lines go on.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split('\n')
        .map(|part| line(part.strip_suffix('\r').unwrap_or(part)))
}

/// What may not be shown as it is: control characters (C0, DEL, C1), line and paragraph separators, all that
/// changes the direction of text, and the invisible format characters. The two joiners stay: Persian, Indic scripts
/// and emoji need them, and they move nothing.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unicode's `Bidi_Control`, and its categories Zl and Zp.
    const DIRECTION_AND_BREAKS: &str = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
                                        \u{2066}\u{2067}\u{2068}\u{2069}\u{2028}\u{2029}";

    #[test]
    fn no_character_of_all_steers_a_terminal() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = c.to_string();
            let clean = line(&text);
            let steers = |c: char| c.is_control() || DIRECTION_AND_BREAKS.contains(c);
            assert!(!clean.chars().any(steers), "U+{:04X}", u32::from(c));
            assert_eq!(clean == text, !is_unsafe(c));
        }
    }

    #[test]
    fn every_control_of_the_old_sets_is_visible() {
        for code in (0..0x20).chain(0x7f..0xa0) {
            let c = char::from_u32(code).unwrap();
            let clean = line(&c.to_string()).into_owned();
            assert!(clean.starts_with('\\') && clean.is_ascii(), "{code:x}");
        }
        assert_eq!(
            line("\u{1b}[31m\u{9b}2J\u{7f}"),
            "\\u{1b}[31m\\u{9b}2J\\u{7f}"
        );
    }

    #[test]
    fn text_of_all_scripts_stays() {
        for text in [
            "grüße",
            "日本語",
            "שלום",
            "می‌خواهم",
            "👩‍👩‍👧",
            "e\u{301}",
            "C:\\new",
        ] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn a_line_break_cannot_begin_a_line() {
        assert_eq!(line("hi\nbob: forged"), "hi\\nbob: forged");
        assert_eq!(line("hi\r\nbob: forged"), "hi\\r\\nbob: forged");
        assert_eq!(
            lines("a\r\nb\u{2028}c\rd").collect::<Vec<_>>(),
            ["a", "b\\u{2028}c\\rd"]
        );
    }
}
