//! Text cut into rows of a screen: styled, measured in columns, never wider than they may be.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Bold,
    Dim,
}

/// Text of one style. It is clean: no control character is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) style: Style,
    pub(crate) text: String,
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) pieces: Vec<Piece>,
    /// In columns.
    pub(crate) width: usize,
}

impl Row {
    /// A row of one piece, before it is cut.
    pub(crate) fn of(style: Style, text: impl Into<String>) -> Row {
        let mut row = Row::default();
        row.push(style, &text.into());
        row
    }

    /// Appends text.
    pub(crate) fn push(&mut self, style: Style, text: &str) {
        self.width += text.width();
        match self.pieces.last_mut() {
            Some(last) if last.style == style => last.text.push_str(text),
            _ => self.pieces.push(Piece {
                style,
                text: text.into(),
            }),
        }
    }

    /// Cuts it into rows of at most `columns`; all but the first begin with `margin`.
    pub(crate) fn wrap(&self, columns: usize, margin: &str) -> Vec<Row> {
        let (mut rows, mut row) = (Vec::new(), Row::default());
        // However narrow the screen, a row takes one at least.
        let mut takes = true;
        for piece in &self.pieces {
            for grapheme in piece.text.graphemes(true) {
                if !takes && row.width + grapheme.width() > columns {
                    rows.push(std::mem::replace(&mut row, Row::of(Style::Dim, margin)));
                }
                row.push(piece.style, grapheme);
                takes = false;
            }
        }
        rows.push(row);
        rows
    }

    /// How many rows a terminal makes of it that is now `columns` wide.
    pub(crate) fn height_in(&self, columns: usize) -> usize {
        self.width.div_ceil(columns.max(1)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(rows: &[Row]) -> Vec<String> {
        let text = |row: &Row| row.pieces.iter().map(|piece| piece.text.as_str()).collect();
        rows.iter().map(text).collect()
    }

    #[test]
    fn no_row_is_wider_than_allowed_and_nothing_is_lost() {
        let mut row = Row::of(Style::Bold, "bob: ");
        row.push(Style::Plain, "日本語 and e\u{301}");
        let rows = row.wrap(8, "  ");
        assert_eq!(texts(&rows), ["bob: 日", "  本語 a", "  nd e\u{301}"]);
        assert!(rows.iter().all(|row| row.width <= 8));
    }

    #[test]
    fn a_screen_too_narrow_for_anything_ends() {
        assert_eq!(
            texts(&Row::of(Style::Plain, "日本").wrap(1, ". ")),
            ["日", ". 本"]
        );
        assert_eq!(Row::of(Style::Plain, "").wrap(1, "").len(), 1);
    }
}
