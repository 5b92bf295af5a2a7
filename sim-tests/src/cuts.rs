//! Which ways through the network lose what is sent, so that a transcript can say what was lost. A stream that has
//! lost one segment is silent for ever, also when its way is mended: turmoil, unlike TCP, sends nothing again.

use crate::sheet::Sheet;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

/// What stands behind a line whose frame does not arrive.
const LOST: &str = "  (lost)";

/// One direction between a host and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// What the host sends.
    ToServer,
    /// What the server sends it.
    FromServer,
}

/// The ways that are cut. Cloning it clones a handle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts(Rc<RefCell<BTreeSet<(String, Way)>>>);

impl Cuts {
    pub(crate) fn cut(&self, host: &str, way: Way) {
        self.0.borrow_mut().insert((host.to_owned(), way));
    }

    pub(crate) fn mend(&self, host: &str) {
        self.0.borrow_mut().retain(|(cut, _)| cut != host);
    }

    pub(crate) fn is_cut(&self, host: &str, way: Way) -> bool {
        self.0.borrow().contains(&(host.to_owned(), way))
    }
}

/// The server's transcript on its way to the sheet: marks frames that a cut way loses. It takes the name of a user for
/// that of its host.
#[derive(Debug)]
pub(crate) struct Door {
    sheet: Sheet,
    cuts: Cuts,
    /// Whose latest connection has lost something.
    silent: BTreeSet<String>,
}

impl Door {
    pub(crate) fn new(sheet: Sheet, cuts: Cuts) -> Door {
        let silent = BTreeSet::new();
        Door {
            sheet,
            cuts,
            silent,
        }
    }

    fn is_lost(&mut self, line: &str) -> bool {
        let Some((who, what)) = said_by_server(line) else {
            return false;
        };
        let host = who.trim_end_matches('?');
        if self.cuts.is_cut(host, Way::FromServer) {
            self.silent.insert(host.to_owned());
            return true;
        }
        if what.starts_with("WELCOME") {
            self.silent.remove(host);
        }
        self.silent.contains(who)
    }
}

impl io::Write for Door {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        for line in text.lines() {
            let lost = if self.is_lost(line) { LOST } else { "" };
            self.sheet
                .append(|sheet| *sheet += &format!("{line}{lost}\n"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whom the server says what, if that is what the line tells.
fn said_by_server(line: &str) -> Option<(&str, &str)> {
    let (_, line) = line.split_once("ms  ")?;
    let (who, line) = line.split_once(' ')?;
    Some((who, line.trim_start().strip_prefix("< ")?))
}

/// A frame that is lost on its way to the server, as a transcript has it.
pub(crate) fn lost(frame: &str) -> String {
    format!("{frame}{LOST}")
}
