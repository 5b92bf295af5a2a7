//! The line being typed: text, a cursor between its characters as people see them, and the lines typed before.

use unicode_segmentation::UnicodeSegmentation;

/// Lines kept for the up key.
const HISTORY_MAX: usize = 500;

/// See the module's words.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    text: String,
    /// A byte position, always between two grapheme clusters.
    cursor: usize,
    history: Vec<String>,
    /// Which line of the history is shown, and what was typed before it was.
    recalled: Option<(usize, String)>,
}

/// A movement or a deletion goes over so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
}

impl Editor {
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The text before and after the cursor.
    pub(crate) fn halves(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts text in at the cursor: a key, or a paste with its line breaks.
    pub(crate) fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
        // What was put in may join the character after it.
        let joined = self.boundaries().find(|at| *at >= self.cursor);
        self.cursor = joined.unwrap_or(self.text.len());
    }

    pub(crate) fn go(&mut self, span: Span) {
        self.cursor = self.target(span);
    }

    pub(crate) fn delete(&mut self, span: Span) {
        let target = self.target(span);
        let range = target.min(self.cursor)..target.max(self.cursor);
        self.cursor = range.start;
        self.text.replace_range(range, "");
    }

    /// Empties the editor and hands out what was in it.
    pub(crate) fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.cursor = 0;
        self.recalled = None;
        if !text.trim().is_empty() && self.history.last() != Some(&text) {
            self.history.push(text.clone());
            if self.history.len() > HISTORY_MAX {
                self.history.remove(0);
            }
        }
        text
    }

    /// Shows `text`, to be corrected and sent again.
    pub(crate) fn restore(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = self.text.len();
    }

    pub(crate) fn older(&mut self) {
        let at = self
            .recalled
            .as_ref()
            .map_or(self.history.len(), |(at, _)| *at);
        if at > 0 {
            self.recall(at - 1);
        }
    }

    pub(crate) fn newer(&mut self) {
        match self.recalled.take() {
            Some((at, typed)) if at + 1 == self.history.len() => self.restore(&typed),
            Some((at, typed)) => {
                self.recalled = Some((at, typed));
                self.recall(at + 1);
            }
            None => {}
        }
    }

    fn recall(&mut self, at: usize) {
        let typed = match self.recalled.take() {
            Some((_, typed)) => typed,
            None => self.text.clone(),
        };
        self.recalled = Some((at, typed));
        let line = self.history[at].clone();
        self.restore(&line);
    }

    fn boundaries(&self) -> impl Iterator<Item = usize> {
        let starts = self.text.grapheme_indices(true).map(|(at, _)| at);
        starts.chain([self.text.len()])
    }

    fn target(&self, span: Span) -> usize {
        let (before, after) = self.halves();
        match span {
            Span::Left => before
                .grapheme_indices(true)
                .next_back()
                .map_or(0, |(at, _)| at),
            Span::Right => self.cursor + after.graphemes(true).next().map_or(0, str::len),
            Span::WordLeft => {
                let mut words = before.unicode_word_indices();
                words.next_back().map_or(0, |(at, _)| at)
            }
            Span::WordRight => {
                let word = after.unicode_word_indices().next();
                word.map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
            }
            Span::Start => 0,
            Span::End => self.text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::default();
        editor.insert(text);
        editor
    }

    #[test]
    fn the_cursor_moves_over_what_people_see_as_one() {
        let mut editor = typed("ae\u{301}👩‍👩‍👧日");
        for expected in ["ae\u{301}👩‍👩‍👧", "ae\u{301}", "a", "", ""] {
            editor.go(Span::Left);
            assert_eq!(editor.halves().0, expected);
        }
        editor.go(Span::Right);
        editor.delete(Span::Right);
        assert_eq!(editor.text(), "a👩‍👩‍👧日");
        editor.go(Span::End);
        editor.delete(Span::Left);
        editor.delete(Span::Left);
        assert_eq!(editor.text(), "a");
        editor.insert("x");
        editor.go(Span::Left);
        editor.insert("\u{301}");
        assert_eq!(editor.halves(), ("a\u{301}", "x"));
    }

    #[test]
    fn words_and_ends() {
        let mut editor = typed("@bob: one two");
        editor.delete(Span::WordLeft);
        assert_eq!(editor.text(), "@bob: one ");
        editor.go(Span::Start);
        editor.go(Span::WordRight);
        assert_eq!(editor.halves().0, "@bob");
        editor.delete(Span::End);
        assert_eq!(editor.text(), "@bob");
        editor.delete(Span::Start);
        assert!(editor.is_empty());
    }

    #[test]
    fn a_paste_keeps_its_lines() {
        assert_eq!(typed("a\r\nb\rc").text(), "a\nb\nc");
    }

    #[test]
    fn history_goes_back_and_forth_and_keeps_what_was_typed() {
        let mut editor = typed("one");
        editor.take();
        editor.insert("two");
        editor.take();
        editor.insert("unfinished");
        editor.older();
        editor.older();
        editor.older();
        assert_eq!(editor.text(), "one");
        editor.newer();
        assert_eq!(editor.text(), "two");
        editor.newer();
        editor.newer();
        assert_eq!(editor.text(), "unfinished");
    }
}
