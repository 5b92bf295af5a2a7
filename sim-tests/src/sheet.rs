//! The paper that a run's transcript is written on, shared by all who write.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

/// Text that several writers append to. Cloning it clones a handle.
#[derive(Clone, Debug, Default)]
pub struct Sheet(Rc<RefCell<String>>);

impl Sheet {
    /// All that was written.
    pub fn text(&self) -> String {
        self.0.borrow().clone()
    }

    /// Lets a function append to it.
    pub fn append(&self, write: impl FnOnce(&mut String)) {
        write(&mut self.0.borrow_mut());
    }
}

impl io::Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.borrow_mut().push_str(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
