//! `export`: the log as lines of text, which are called an export.

use super::lines::{Names, line};
use super::{medium, trouble, written};
use crate::Trouble;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use verbatim_net::engine::disk::check;
use verbatim_net::engine::{Failure, Fault};

/// Writes all records to standard output, and checks the chain on the way.
pub(super) fn export(directory: &Path) -> Result<(), Trouble> {
    let mut medium = medium(directory)?;
    let (mut out, mut names) = (BufWriter::new(io::stdout().lock()), Names::default());
    let mut stopped = None;
    let checked = check(&mut medium, &mut |found| {
        let done = writeln!(out, "{}", line(&found, &names));
        names.follow(&found);
        done.map_err(|error| {
            let failure = Failure::new(Fault::Io, error.to_string());
            stopped = Some(error);
            failure
        })
    });
    match stopped {
        Some(error) => written(Err(error)),
        None => {
            checked.map_err(|failure| trouble(&failure))?;
            written(out.flush())
        }
    }
}
