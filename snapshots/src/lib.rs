//! The reviewed transcripts, one per story, beside this file's folder. The stories are in `sim-tests/tests/stories`.
//!
//! This is a package because `cargo insta` looks for pending snapshots inside packages only.
#![forbid(unsafe_code)]

/// The folder with the transcripts, as it was when this was built.
pub const FOLDER: &str = env!("CARGO_MANIFEST_DIR");
