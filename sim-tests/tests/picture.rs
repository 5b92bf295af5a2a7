//! The program's pictures, as somebody at a shell meets them.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

fn picture(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim-tests"));
    command.arg("picture").args(arguments).output().unwrap()
}

/// It ends with 2, and says why in one line.
fn refuses(arguments: &[&str], why: &str) {
    let output = picture(arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains(why), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_seed_becomes_a_file() {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seed.html");
    let to = to.to_str().unwrap();
    let output = picture(&["1", "--profile", "calm", "--to", to]);
    assert!(output.status.success(), "{output:?}");
    let page = std::fs::read_to_string(to).unwrap();
    assert!(page.contains("<title>Seed 1 keeps every guarantee</title>"));
    assert!(page.contains("-- replay 1 --profile calm"));
}

#[test]
fn what_cannot_be_done_is_told_in_one_line() {
    refuses(
        &["1", "--to", "no-such-folder/a.html"],
        "no-such-folder/a.html: the picture cannot be written",
    );
    refuses(&["no-such.plan"], "no-such.plan");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_in_one_line() {
    refuses(
        &["1", "--to", "/dev/full"],
        "/dev/full: the picture cannot be written",
    );
}
