//! What `strace -f -xx` writes, as system calls: each with the place in the trace where it begins and where it ends.

use std::collections::BTreeMap;

/// A system call that ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// What stands between its brackets, except strings.
    pub numbers: Vec<i64>,
    /// Its strings, one after the other.
    pub bytes: Vec<u8>,
    /// What it gave.
    pub gave: i64,
    /// The line on which it begins.
    pub begins: usize,
    /// The line on which it has ended.
    pub ends: usize,
}

/// Reads a trace; calls come in the order in which they begin. What failed is left out.
pub fn calls(trace: &str) -> Vec<Call> {
    let (mut open, mut all) = (BTreeMap::new(), Vec::new());
    for (number, line) in trace.lines().enumerate() {
        let Some((pid, rest)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            open.insert(pid, (number, begun.to_owned()));
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some((begins, mut text)) = open.remove(pid) else {
                continue;
            };
            text.push_str(resumed.split_once("resumed>").map_or("", |(_, rest)| rest));
            all.extend(call(&text, begins, number));
        } else {
            all.extend(call(rest, number, number));
        }
    }
    all.sort_by_key(|call| call.begins);
    all
}

fn call(text: &str, begins: usize, ends: usize) -> Option<Call> {
    let (inside, gave) = text.rsplit_once(" = ")?;
    let (name, arguments) = inside.trim_end().strip_suffix(')')?.split_once('(')?;
    let gave = gave.split_whitespace().next()?.parse().ok()?;
    if gave < 0 {
        return None;
    }
    let (numbers, bytes) = parts(arguments);
    Some(Call {
        name: name.to_owned(),
        numbers,
        bytes,
        gave,
        begins,
        ends,
    })
}

/// The numbers and the strings among a call's arguments.
fn parts(arguments: &str) -> (Vec<i64>, Vec<u8>) {
    let (mut numbers, mut bytes) = (Vec::new(), Vec::new());
    for (index, part) in arguments.split('"').enumerate() {
        if index % 2 == 1 {
            let digits = part.split("\\x").skip(1);
            bytes.extend(digits.filter_map(|two| u8::from_str_radix(two, 16).ok()));
        } else {
            let words = part.split([',', ' ']);
            numbers.extend(words.filter_map(|word| word.parse::<i64>().ok()));
        }
    }
    (numbers, bytes)
}
