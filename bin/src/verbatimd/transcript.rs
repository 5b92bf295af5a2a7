//! The transcript file: everything that is said, bodies included, for its owner's eyes alone.

use super::Trouble;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use verbatim_core::limits::Limits;
use verbatim_net::Tap;
use verbatim_net::transcript::Transcript;

/// Begins a transcript in a new file.
///
/// # Errors
/// The file cannot be created. One that exists is left alone: others might be able to read it.
pub(crate) fn begin(path: &Path, limits: &Limits) -> Result<Box<dyn Tap>, Trouble> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let file = made.map_err(|error| Trouble {
        text: format!(
            "cannot create the transcript {}: {error}; choose a new file in a directory that exists with --transcript",
            path.display()
        ),
        code: 1,
    })?;
    Ok(Box::new(Transcript::new(file, limits.clone(), true)))
}
