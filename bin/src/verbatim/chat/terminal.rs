//! The terminal's modes: raw while the program runs, as before in every way that it can end.

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event, EventStream};
use crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{cursor, execute};
use futures_core::Stream;
use nix::sys::signal::{Signal, raise};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;

/// The terminal in raw mode; dropping it restores what was.
pub(crate) struct Terminal {
    events: EventStream,
}

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// It is none, or does not let itself be switched.
    pub(crate) fn enter() -> io::Result<Terminal> {
        enable_raw_mode()?;
        let panics = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            restore();
            panics(info);
        }));
        let terminal = Terminal {
            events: EventStream::new(),
        };
        set_modes()?;
        Ok(terminal)
    }

    /// Gives the terminal back to the shell and stops this program, until the shell lets it go on.
    ///
    /// # Errors
    /// The terminal does not let itself be taken over again.
    pub(crate) fn suspend(&self) -> io::Result<()> {
        restore();
        // Where no shell could let it go on, the system does not stop it.
        let _ = raise(Signal::SIGTSTP);
        enable_raw_mode()?;
        set_modes()
    }

    /// Columns and rows; a usual size where the terminal does not tell.
    pub(crate) fn size() -> (u16, u16) {
        size().unwrap_or((80, 24))
    }

    /// The next key, paste or change of size; `None` when the terminal is gone.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        poll_fn(|context| Pin::new(&mut self.events).poll_next(context))
            .await?
            .ok()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Rows are cut to the width here, so that the terminal never breaks one by itself.
fn set_modes() -> io::Result<()> {
    execute!(io::stdout(), EnableBracketedPaste, DisableLineWrap)
}

/// What cannot be restored stays: nobody is left to tell.
fn restore() {
    drop(execute!(
        io::stdout(),
        EnableLineWrap,
        DisableBracketedPaste,
        cursor::Show
    ));
    drop(disable_raw_mode());
}
