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

/// Where a row may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Between words, unless a word would leave half of the row empty.
    Words,
    /// Anywhere: the cursor of an editor must be found again.
    Anywhere,
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
    pub(crate) fn wrap(&self, columns: usize, margin: &str, cut: Cut) -> Vec<Row> {
        let all: Vec<(Style, &str)> = self.graphemes().collect();
        let (mut rows, mut rest) = (Vec::new(), all.as_slice());
        loop {
            let mut row = match rows.is_empty() {
                true => Row::default(),
                false => Row::of(Style::Dim, margin),
            };
            let taken = fitting(rest, columns.saturating_sub(row.width), cut);
            rest[..taken]
                .iter()
                .for_each(|(style, text)| row.push(*style, text));
            rows.push(row);
            rest = &rest[taken..];
            if rest.is_empty() {
                return rows;
            }
        }
    }

    fn graphemes(&self) -> impl Iterator<Item = (Style, &str)> {
        self.pieces.iter().flat_map(|piece| {
            let graphemes = piece.text.graphemes(true);
            graphemes.map(move |text| (piece.style, text))
        })
    }

    /// How many rows a terminal makes of it that is now `columns` wide.
    pub(crate) fn height_in(&self, columns: usize) -> usize {
        self.width.div_ceil(columns.max(1)).max(1)
    }
}

/// How many of `rest` make a row of at most that width: one at least, however narrow it is.
fn fitting(rest: &[(Style, &str)], columns: usize, cut: Cut) -> usize {
    let (mut width, mut after_space) = (0, 0);
    for (index, (_, text)) in rest.iter().enumerate() {
        width += text.width();
        if width > columns {
            let at_word = cut == Cut::Words && after_space > index / 2;
            return if at_word { after_space } else { index.max(1) };
        }
        if *text == " " {
            after_space = index + 1;
        }
    }
    rest.len()
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
        let rows = row.wrap(8, "  ", Cut::Anywhere);
        assert_eq!(texts(&rows), ["bob: 日", "  本語 a", "  nd e\u{301}"]);
        assert!(rows.iter().all(|row| row.width <= 8));
        let rows = row.wrap(9, "  ", Cut::Words);
        assert_eq!(texts(&rows), ["bob: ", "  日本語 ", "  and e\u{301}"]);
    }

    #[test]
    fn a_screen_too_narrow_for_anything_ends() {
        assert_eq!(
            texts(&Row::of(Style::Plain, "日本").wrap(1, ". ", Cut::Words)),
            ["日", ". 本"]
        );
        assert_eq!(
            Row::of(Style::Plain, "").wrap(1, "", Cut::Anywhere).len(),
            1
        );
    }
}
