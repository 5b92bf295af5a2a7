//! The core owns no clock, no socket, no entropy and no runtime, and neither does anything that it is built from: this
//! reads its manifest, its resolved dependencies with their features, and its sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything that the core is built from. Whoever adds to it has looked at what the new one does.
/// The last six run in the compiler alone: they write the code that reads and writes what an engine keeps.
const KNOWN: [&str; 19] = [
    "verbatim-core",
    "cobs",
    "itoa",
    "memchr",
    "postcard",
    "ppv-lite86",
    "rand_chacha",
    "rand_core",
    "serde",
    "serde_core",
    "siphasher",
    "thiserror",
    "zerocopy",
    "proc-macro2",
    "quote",
    "serde_derive",
    "syn",
    "thiserror-impl",
    "unicode-ident",
];

/// Features with which a dependency reaches for the system.
const SYSTEM_FEATURES: [&str; 9] = [
    "std",
    "getrandom",
    "os_rng",
    "sys_rng",
    "thread_rng",
    "wasm_js",
    "now",
    "clock",
    "libc",
];

/// Words of crates that are clocks, sockets, entropy or runtimes, beside what [`KNOWN`] refuses already.
const SYSTEM_CRATES: [&str; 16] = [
    "async-std",
    "chrono",
    "futures",
    "getrandom",
    "instant",
    "libc",
    "mio",
    "polling",
    "quanta",
    "rand",
    "rustix",
    "smol",
    "socket2",
    "time",
    "tokio",
    "windows-sys",
];

/// A dependency as it is resolved: its name and its features.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Built {
    name: String,
    features: Vec<String>,
}

/// What the core is built from without its tests: each package once, with the features that it has then.
fn built() -> Vec<Built> {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "verbatim-core",
            "--edges",
            "normal,build",
        ])
        .args(["--offline", "--locked", "--prefix", "none", "--no-dedupe"])
        .args(["--format", "{p}|{f}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs this test, so it can be run");
    let told = String::from_utf8(tree.stdout).expect("cargo speaks UTF-8");
    let why = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "cargo tree failed: {why}");
    told.lines()
        .filter(|line| !line.is_empty())
        .map(read_line)
        .collect()
}

fn read_line(line: &str) -> Built {
    let (package, features) = line.split_once('|').expect("the format that was asked for");
    Built {
        name: package.split(' ').next().unwrap_or_default().to_owned(),
        features: features
            .split(',')
            .filter(|feature| !feature.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

/// What is wrong with these dependencies.
fn faults(built: &[Built]) -> Vec<String> {
    let mut faults = Vec::new();
    for Built { name, features } in built {
        if SYSTEM_CRATES.contains(&name.as_str()) {
            faults.push(format!("{name} is a clock, a socket, entropy or a runtime"));
        } else if !KNOWN.contains(&name.as_str()) {
            faults.push(format!(
                "{name} is new: see what it needs, then add it to KNOWN"
            ));
        }
        let system = |feature: &&String| SYSTEM_FEATURES.contains(&feature.as_str());
        for feature in features.iter().filter(system) {
            faults.push(format!("{name} is built with its feature {feature}"));
        }
    }
    faults
}

#[test]
fn the_core_is_built_from_nothing_that_reaches_the_system() {
    let built = built();
    assert!(built.len() >= KNOWN.len(), "the tree was read: {built:?}");
    let faults = faults(&built);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let used: BTreeSet<&str> = built.iter().map(|built| built.name.as_str()).collect();
    let unused: Vec<_> = KNOWN.iter().filter(|name| !used.contains(*name)).collect();
    assert!(
        unused.is_empty(),
        "not used any more, take it out of KNOWN: {unused:?}"
    );
}

#[test]
fn a_forbidden_dependency_would_be_seen() {
    let lines = [
        "tokio v1.0.0|",
        "memchr v2.0.0|alloc,std",
        "unheard-of v1.0.0|",
        "itoa v1.0.0|",
    ];
    let faults = faults(&lines.map(read_line));
    assert_eq!(faults.len(), 3, "{faults:?}");
}

/// The core has no features of its own, `std` least of all, and asks its dependencies for none.
#[test]
fn the_manifest_has_no_features() {
    let manifest = include_str!("../Cargo.toml");
    assert!(
        !manifest.contains("[features]"),
        "what is tested is what ships"
    );
    assert!(!manifest.contains("build ="), "no build script");
    let from = manifest
        .find("[dependencies]")
        .expect("it has dependencies");
    let lines = manifest[from..].lines().skip(1);
    for line in lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty())
    {
        assert!(
            line.ends_with(".workspace = true"),
            "the root's manifest has the versions: {line}"
        );
    }
}

#[test]
fn the_sources_have_no_std() {
    let root = include_str!("../src/lib.rs");
    assert!(root.contains("\n#![no_std]\n"));
    assert!(root.contains("\n#![forbid(unsafe_code)]\n"));
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(
        sources.len() > 30,
        "the sources were found: {}",
        sources.len()
    );
    for path in sources {
        let text = std::fs::read_to_string(&path).expect("a source is UTF-8");
        for banned in [
            "extern crate std",
            "feature = \"",
            "cfg(unix)",
            "cfg(windows)",
            "cfg(target_",
        ] {
            assert!(!text.contains(banned), "{} has {banned}", path.display());
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the core has sources");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| sources(folder));
    files.into_iter().chain(below).collect()
}
