//! The stories: named scripts whose transcripts people have read and approved. Each has a sentence that it stands for.
//!
//! The transcripts are in the folder `snapshots` at the top. `sim-tests/README.md` tells how to read one, how to
//! write a story, and how to accept a transcript that has changed.
#![forbid(unsafe_code)]

mod crowd;
mod devices;
mod dialects;
mod disk;
mod history;
mod links;
mod names;
mod outbox;
mod readers;
mod segments;
mod talk;
mod text;
mod vanishing;

use sim_tests::World;
use std::time::Duration;
use verbatim_core::limits::Limits;

/// The longest transcript that somebody will read to its end.
const LINES_MAX: usize = 60;

/// Plays a story and compares its transcript with the one that was approved.
fn tell(name: &str, moral: &str, script: impl FnOnce(&World)) {
    tell_with(Limits::default(), name, moral, script);
}

/// The same with bounds of the server that are the story's own.
fn tell_with(limits: Limits, name: &str, moral: &str, script: impl FnOnce(&World)) {
    tell_in(&World::for_story_with(limits), name, moral, script);
}

/// The same in a world that the story has made.
fn tell_in(world: &World, name: &str, moral: &str, script: impl FnOnce(&World)) {
    script(world);
    // What is still on its way arrives.
    world.wait(Duration::from_millis(30));
    let transcript = world.transcript();
    let lines = transcript.lines().count();
    assert!(
        lines <= LINES_MAX,
        "{lines} lines are too many for a story:\n{transcript}"
    );
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(verbatim_snapshots::FOLDER);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(moral);
    settings.bind(|| insta::assert_snapshot!(name, transcript));
}
