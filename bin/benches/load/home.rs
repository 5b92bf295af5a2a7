//! Where a server under measurement keeps its log: in memory, or in a fresh directory that goes when the round is over.

use super::arguments::{Comparison, EngineName};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The log's place for one server, and for those that follow it in the same round.
#[derive(Debug)]
pub struct Home {
    folder: Option<PathBuf>,
}

impl Home {
    /// The place that the command line asks for.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(comparison: &Comparison) -> io::Result<Home> {
        match comparison.engine {
            EngineName::Memory => Ok(Home { folder: None }),
            EngineName::Disk => Home::on_disk(&comparison.data),
        }
    }

    /// A fresh directory below that one.
    ///
    /// # Errors
    /// What the system says.
    pub fn on_disk(below: &Path) -> io::Result<Home> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let count = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = below.join(format!("load-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Home {
            folder: Some(folder),
        })
    }

    /// The server's arguments.
    pub fn arguments(&self) -> Vec<String> {
        match &self.folder {
            None => vec!["--engine".to_owned(), "memory".to_owned()],
            Some(folder) => vec![
                "--engine".to_owned(),
                "disk".to_owned(),
                "--data".to_owned(),
                folder.join("log").display().to_string(),
            ],
        }
    }

    /// The directory, if there is one.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // What is left of it lies where the build's own files lie.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
