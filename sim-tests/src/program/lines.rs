//! Transcripts as they are printed: a text of kibibytes would hide what happens round it.

/// So much of a line is shown.
const SHOWN_CHARS: usize = 140;

/// The same with long lines cut.
pub(super) fn cut(transcript: &str) -> String {
    let mut shown = String::with_capacity(transcript.len().min(1 << 20));
    for line in transcript.lines() {
        match line.char_indices().nth(SHOWN_CHARS) {
            Some((at, _)) => shown.extend([&line[..at], "…"]),
            None => shown.push_str(line),
        }
        shown.push('\n');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{SHOWN_CHARS, cut};

    #[test]
    fn long_lines_are_cut_and_short_ones_are_not() {
        let long = "é".repeat(SHOWN_CHARS + 1);
        let shown = cut(&format!("short\n{long}\n"));
        assert_eq!(shown, format!("short\n{}…\n", "é".repeat(SHOWN_CHARS)));
    }
}
