//! The live part of the screen: the last entries, a line on the link, and the prompt, redrawn in place.
//!
//! What is above belongs to the terminal's own scrollback and is never touched again. So an entry stays live, and
//! shows every change of its state, until newer ones push it out of the height of the screen.

use super::editor::Editor;
use super::entry::{Entry, Own};
use super::rows::{Cut, Row, Style};
use crate::clean;
use crossterm::style::{Attribute, Print, SetAttribute};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use crossterm::{cursor, queue};
use std::collections::VecDeque;
use std::io;
use verbatim_core::client::{LineId, LineState};

/// See the module's words.
#[derive(Debug)]
pub(crate) struct Screen {
    /// One less than the terminal has: its last column is where terminals differ.
    columns: usize,
    height: usize,
    entries: VecDeque<Entry>,
    /// The rows as they were last drawn, and on which of them the cursor is.
    drawn: Vec<Row>,
    cursor_row: usize,
    /// How many of them are the status and the prompt.
    below_rows: usize,
}

impl Screen {
    pub(crate) fn new((columns, height): (u16, u16)) -> Screen {
        let mut screen = Screen {
            columns: 0,
            height: 0,
            entries: VecDeque::new(),
            drawn: Vec::new(),
            cursor_row: 0,
            below_rows: 0,
        };
        screen.resize((columns, height));
        screen
    }

    /// The terminal has another size. Rows wider than it are broken by the terminal itself.
    pub(crate) fn resize(&mut self, (columns, height): (u16, u16)) {
        let columns = usize::from(columns.max(8));
        self.columns = columns - 1;
        self.height = usize::from(height.max(4));
        let above = self.drawn.iter().take(self.cursor_row);
        let above: usize = above.map(|row| row.height_in(columns)).sum();
        self.cursor_row = above.min(self.height - 1);
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    /// Shows a line's new state, if the line is still live.
    pub(crate) fn set_state(&mut self, line: LineId, state: LineState) -> bool {
        let mut own = self.entries.iter_mut().rev().filter_map(Own::of);
        let own = own.find(|own| own.line == line);
        own.is_some_and(|own| {
            own.state = state;
            true
        })
    }

    /// Draws everything that is live into `out`; returns own lines that are so no more.
    pub(crate) fn draw(
        &mut self,
        prompt: &str,
        status: Option<&str>,
        editor: &Editor,
        now: u64,
        out: &mut Vec<u8>,
    ) -> io::Result<Vec<Own>> {
        let (below, cursor) = self.below(prompt, status, editor);
        let room = self.height - below.len();
        let mut heights: usize = 0;
        let mut rows = VecDeque::new();
        let mut live = 0;
        for entry in self.entries.iter().rev() {
            let entry_rows = entry.rows(self.columns, now);
            heights += entry_rows.len();
            if heights > room {
                break;
            }
            live += 1;
            entry_rows
                .into_iter()
                .rev()
                .for_each(|row| rows.push_front(row));
        }
        let past: Vec<_> = self.entries.drain(..self.entries.len() - live).collect();
        queue!(out, BeginSynchronizedUpdate, cursor::MoveToColumn(0))?;
        up(out, self.cursor_row)?;
        for row in past.iter().flat_map(|entry| entry.rows(self.columns, now)) {
            put(out, &row)?;
            queue!(out, Print("\r\n"))?;
        }
        self.below_rows = below.len();
        rows.extend(below);
        self.cursor_row = rows.len() - 1 - cursor.rows_below_it;
        self.drawn = rows.into();
        self.put_live(cursor.column, out)?;
        Ok(past.into_iter().filter_map(own_of).collect())
    }

    fn put_live(&self, column: usize, out: &mut Vec<u8>) -> io::Result<()> {
        for (index, row) in self.drawn.iter().enumerate() {
            if index > 0 {
                queue!(out, Print("\r\n"))?;
            }
            put(out, row)?;
        }
        queue!(out, Clear(ClearType::FromCursorDown))?;
        up(out, self.drawn.len() - 1 - self.cursor_row)?;
        let column = u16::try_from(column).unwrap_or(u16::MAX);
        queue!(out, cursor::MoveToColumn(column), EndSynchronizedUpdate)
    }

    /// Leaves what is drawn for good, without the prompt.
    pub(crate) fn close(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        queue!(out, cursor::MoveToColumn(0))?;
        up(out, self.cursor_row)?;
        for row in &self.drawn[..self.drawn.len() - self.below_rows] {
            put(out, row)?;
            queue!(out, Print("\r\n"))?;
        }
        self.drawn.clear();
        (self.cursor_row, self.below_rows) = (0, 0);
        queue!(out, Clear(ClearType::FromCursorDown))
    }

    /// Takes away what is live, until it is drawn anew.
    pub(crate) fn hide(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        queue!(out, cursor::MoveToColumn(0))?;
        up(out, self.cursor_row)?;
        self.drawn.clear();
        (self.cursor_row, self.below_rows) = (0, 0);
        queue!(out, Clear(ClearType::FromCursorDown))
    }

    /// The status and the prompt. Of a text higher than half the screen, the part around the cursor.
    fn below(&self, prompt: &str, status: Option<&str>, editor: &Editor) -> (Vec<Row>, Cursor) {
        let (before, after) = editor.halves();
        let visible = |text: &str| clean::line(&text.replace('\n', "⏎")).into_owned();
        let mut row = Row::of(Style::Bold, prompt);
        row.push(Style::Plain, &visible(before));
        let to_cursor = row.wrap(self.columns, "", Cut::Anywhere);
        let (line, column) = (to_cursor.len() - 1, to_cursor[to_cursor.len() - 1].width);
        row.push(Style::Plain, &visible(after));
        let rows = row.wrap(self.columns, "", Cut::Anywhere);
        let height = (self.height / 2).max(1);
        let start = (line + 1).saturating_sub(height);
        let end = rows.len().min(start + height);
        let cursor = Cursor {
            rows_below_it: end - 1 - line.min(end - 1),
            column,
        };
        let status = status.map(|text| {
            let wrapped = Row::of(Style::Dim, text).wrap(self.columns, "", Cut::Anywhere);
            wrapped.into_iter().next().unwrap_or_default()
        });
        (
            status
                .into_iter()
                .chain(rows[start..end].iter().cloned())
                .collect(),
            cursor,
        )
    }
}

/// Where the cursor is within the prompt.
struct Cursor {
    rows_below_it: usize,
    column: usize,
}

fn own_of(entry: Entry) -> Option<Own> {
    match entry {
        Entry::Own(own) => Some(own),
        Entry::Past(past) => own_of(*past),
        _ => None,
    }
}

fn up(out: &mut Vec<u8>, rows: usize) -> io::Result<()> {
    match u16::try_from(rows).unwrap_or(u16::MAX) {
        0 => Ok(()),
        rows => queue!(out, cursor::MoveUp(rows)),
    }
}

fn put(out: &mut Vec<u8>, row: &Row) -> io::Result<()> {
    for piece in &row.pieces {
        match piece.style {
            Style::Plain => queue!(out, Print(&piece.text))?,
            Style::Bold => styled(out, Attribute::Bold, &piece.text)?,
            Style::Dim => styled(out, Attribute::Dim, &piece.text)?,
        }
    }
    queue!(out, Clear(ClearType::UntilNewLine))
}

fn styled(out: &mut Vec<u8>, attribute: Attribute, text: &str) -> io::Result<()> {
    queue!(
        out,
        SetAttribute(attribute),
        Print(text),
        SetAttribute(Attribute::Reset)
    )
}
