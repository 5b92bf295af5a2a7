//! Reads our own sources and refuses what our style refuses, so that nobody has to remember it.

use proc_macro2::Span;
use std::fs;
use std::path::{Path, PathBuf};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A file says one thing; beyond this it says several.
const FILE_LINES_MAX: usize = 450;
/// One screen; a test that lists cases may take more.
const FUNCTION_LINES_MAX: usize = 50;
const TEST_LINES_MAX: usize = 80;
/// Most functions fit into a glance.
const FUNCTION_LINES_MEDIAN_MAX: usize = 12;

struct Source {
    path: String,
    text: String,
    syntax: syn::File,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.contains("/benches/")
            || self.path.starts_with("sim-tests/")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package lies in the workspace")
        .to_path_buf()
}

fn sources() -> Vec<Source> {
    let root = root();
    let mut paths = Vec::new();
    for room in ["core", "net", "bin", "sim-tests", "snapshots"] {
        collect(&root.join(room), &mut paths);
    }
    assert!(
        paths.len() > 50,
        "the sources were not found: {} files",
        paths.len()
    );
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source is UTF-8");
        let path = path
            .strip_prefix(&root)
            .expect("below the root")
            .display()
            .to_string();
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        Source { path, text, syntax }
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the rooms exist") {
        let path = entry.expect("readable").path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, paths);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            paths.push(path);
        }
    }
}

/// Fails with all that is wrong at once.
fn refuse(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    let silent = |source: &Source| !source.text.starts_with("//! ");
    let faults: Vec<String> = sources()
        .iter()
        .filter(|source| silent(source))
        .map(|s| s.path.clone())
        .collect();
    refuse(&faults);
}

#[test]
fn files_are_short() {
    let length = |source: &Source| (source.path.clone(), source.text.lines().count());
    let long = sources()
        .iter()
        .map(length)
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .collect::<Vec<_>>();
    refuse(
        &long
            .iter()
            .map(|(path, lines)| format!("{path}: {lines} lines"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn functions_are_short() {
    let mut faults = Vec::new();
    let mut lengths = Vec::new();
    for source in sources() {
        let mut functions = Functions::default();
        functions.visit_file(&source.syntax);
        for (name, lines) in functions.found {
            if lines
                > if source.is_test() {
                    TEST_LINES_MAX
                } else {
                    FUNCTION_LINES_MAX
                }
            {
                faults.push(format!("{}: {name} has {lines} lines", source.path));
            }
            lengths.push(lines);
        }
    }
    refuse(&faults);
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(
        median <= FUNCTION_LINES_MEDIAN_MAX,
        "half of the functions have more than {median} lines"
    );
}

#[derive(Default)]
struct Functions {
    found: Vec<(String, usize)>,
}

impl Functions {
    fn add(&mut self, name: &syn::Ident, span: Span) {
        self.found
            .push((name.to_string(), span.end().line - span.start().line + 1));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig.ident, item.block.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig.ident, item.block.span());
        visit::visit_impl_item_fn(self, item);
    }
}

/// Names that say nothing about the thing.
const EMPTY_NAMES: [&str; 6] = ["manager", "helper", "util", "utils", "helpers", "data"];

#[test]
fn names_say_what_a_thing_is() {
    let mut faults = Vec::new();
    for source in sources().into_iter().filter(|source| !source.is_test()) {
        let mut names = Names::default();
        names.visit_file(&source.syntax);
        let file = Path::new(&source.path)
            .file_stem()
            .expect("a file")
            .to_string_lossy()
            .to_string();
        names.found.push(file);
        for name in names.found {
            let words = snake(&name);
            let empty = words.split('_').any(|word| EMPTY_NAMES.contains(&word));
            if empty || words.starts_with("get_") || words.starts_with("process_") {
                faults.push(format!("{}: {name}", source.path));
            }
        }
    }
    refuse(&faults);
}

#[derive(Default)]
struct Names {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Names {
    /// A trait's names are judged where it is defined; those of other crates are not ours.
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if item.trait_.is_none() {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        let ident = match item {
            syn::Item::Fn(item) => Some(&item.sig.ident),
            syn::Item::Struct(item) => Some(&item.ident),
            syn::Item::Enum(item) => Some(&item.ident),
            syn::Item::Trait(item) => Some(&item.ident),
            syn::Item::Mod(item) => Some(&item.ident),
            syn::Item::Type(item) => Some(&item.ident),
            _ => None,
        };
        self.found.extend(ident.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.found.push(item.sig.ident.to_string());
        visit::visit_impl_item_fn(self, item);
    }
}

fn snake(name: &str) -> String {
    let mut words = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            words.push('_');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// What may not stand where: rooms, the text, and why.
const BANNED: &[(&[&str], &str, &str)] = &[
    (&["core/src"], "std::", "the core has no std"),
    (
        &["core/src", "net/src"],
        "HashMap",
        "the order of a hashed map differs from run to run",
    ),
    (
        &["core/src", "net/src"],
        "HashSet",
        "the order of a hashed set differs from run to run",
    ),
    (
        &["core/src", "net/src", "bin/src"],
        "Mutex",
        "an owner instead of a lock",
    ),
    (
        &["core/src", "net/src", "bin/src"],
        "RwLock",
        "an owner instead of a lock",
    ),
    (
        &["core/src", "net/src"],
        "SystemTime::now",
        "the wall clock is handed in",
    ),
    (
        &["core/src", "net/src"],
        "thread::spawn",
        "the simulator owns no threads",
    ),
    (
        &["core", "net", "bin", "sim-tests"],
        concat!("#[", "ignore"),
        "a test that does not run proves nothing",
    ),
    (
        &["core", "net", "bin", "sim-tests"],
        concat!("todo", "!("),
        "nothing is half there",
    ),
    (
        &["core", "net", "bin", "sim-tests"],
        concat!("unsafe", " {"),
        "there is none",
    ),
];

#[test]
fn nothing_banned_is_used() {
    let mut faults = Vec::new();
    for source in sources() {
        for (rooms, text, why) in BANNED {
            let here = rooms.iter().any(|room| source.path.starts_with(room))
                && !source.path.ends_with("tidy.rs");
            for (number, line) in source.text.lines().enumerate() {
                if here && !line.trim_start().starts_with("//") && line.contains(text) {
                    faults.push(format!("{}:{}: {text}: {why}", source.path, number + 1));
                }
            }
        }
    }
    refuse(&faults);
}

#[test]
fn an_expect_says_why_it_holds() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let mut calls = Expects::default();
        calls.visit_file(&source.syntax);
        faults.extend(
            calls
                .bare
                .iter()
                .map(|line| format!("{}:{line}: expect without a reason", source.path)),
        );
    }
    refuse(&faults);
}

#[derive(Default)]
struct Expects {
    bare: Vec<usize>,
}

impl<'ast> Visit<'ast> for Expects {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "expect"
            && let Some(syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(reason),
                ..
            })) = call.args.first()
            && reason.value().split(' ').count() < 3
        {
            self.bare.push(call.method.span().start().line);
        }
        visit::visit_expr_method_call(self, call);
    }
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let roots = [
        "core/src/lib.rs",
        "net/src/lib.rs",
        "bin/src/verbatimd/main.rs",
        "bin/src/verbatim/main.rs",
    ];
    let sources = sources();
    for root in roots {
        let source = sources
            .iter()
            .find(|source| source.path == root)
            .unwrap_or_else(|| panic!("{root} is gone"));
        assert!(source.text.contains("#![forbid(unsafe_code)]"), "{root}");
    }
}

#[test]
fn every_select_is_biased() {
    let mut faults = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| !source.path.ends_with("tidy.rs"))
    {
        let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            if line.contains("select! {") && lines.get(at + 1) != Some(&"biased;") {
                faults.push(format!(
                    "{}:{}: a select! without biased",
                    source.path,
                    at + 1
                ));
            }
        }
    }
    refuse(&faults);
}

#[test]
fn nothing_names_a_machine() {
    let mut faults = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| !source.path.ends_with("tidy.rs"))
    {
        for folder in ["\"/home/", "\"/root/", "\"/Users/"] {
            if source.text.contains(folder) {
                faults.push(format!("{}: {folder}", source.path));
            }
        }
    }
    refuse(&faults);
}
