//! The roll of those who hold a name, put together from its pages.

use super::notice::Present;
use crate::name::Name;
use alloc::vec::Vec;
use core::mem;

/// One question, until its last page has come. It survives connections: a new one asks from the start.
#[derive(Debug, Default)]
pub(super) struct Roll {
    asked: bool,
    present: Vec<Present>,
    after: Option<Name>,
}

/// What a page leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// Ask for what follows that name.
    Ask(Name),
    /// That is all.
    Complete(Vec<Present>),
    /// Nobody asked.
    Unasked,
}

impl Roll {
    /// Whether the question has to go out now; one that is under way serves both.
    pub fn ask(&mut self) -> bool {
        !mem::replace(&mut self.asked, true)
    }

    /// Whether it has to go out again on a new connection.
    pub fn restart(&mut self) -> bool {
        self.present.clear();
        self.after = None;
        self.asked
    }

    /// No answer will come. Whether there was a question.
    pub fn cancel(&mut self) -> bool {
        mem::take(self).asked
    }

    /// Takes a page. At most `names_max` are kept.
    ///
    /// # Errors
    /// A line is no name, or the page does not lead on.
    pub fn on_users(
        &mut self,
        lines: &str,
        next: Option<Name>,
        names_max: usize,
    ) -> Result<Page, &'static str> {
        if !self.asked {
            return Ok(Page::Unasked);
        }
        for line in lines.lines() {
            let (name, away) = match line.strip_suffix(" away") {
                Some(name) => (name, true),
                None => (line, false),
            };
            let name = Name::parse(name.as_bytes()).map_err(|_| "a list of users with no name")?;
            self.present.push(Present { name, away });
        }
        let Some(next) = next.filter(|_| self.present.len() < names_max) else {
            return Ok(Page::Complete(mem::take(self).present));
        };
        if self.after.is_some_and(|before| next <= before) {
            return Err("a list of users that leads in circles");
        }
        self.after = Some(next);
        Ok(Page::Ask(next))
    }
}
