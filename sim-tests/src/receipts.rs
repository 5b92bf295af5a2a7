//! Receipts as they are told on one connection: they may repeat, and only grow.

use std::collections::BTreeMap;
use verbatim_core::id::Seq;
use verbatim_core::name::Name;
use verbatim_core::wire::Receipt;

/// What was told so far.
#[derive(Default)]
pub(crate) struct Receipts {
    delivered: BTreeMap<Name, Seq>,
    /// Where the latest range ends that a recipient left behind.
    left: BTreeMap<Name, Seq>,
    /// How many have a message to all, and of how many.
    counted: BTreeMap<Seq, (u64, u64)>,
}

impl Receipts {
    /// Takes one more; tells what it takes back, if it does.
    pub(crate) fn shrinks(&mut self, receipt: &Receipt) -> Option<String> {
        let (shrinks, before) = match *receipt {
            Receipt::Delivered { to, up_to } => {
                let before = self.delivered.insert(to, up_to)?;
                (before > up_to, before.to_string())
            }
            Receipt::Left { to, last, .. } => {
                let before = self.left.insert(to, last)?;
                (before > last, format!("left {before}"))
            }
            Receipt::All { seq, count, of } => {
                let (counted, all) = self.counted.insert(seq, (count, of))?;
                (counted > count || all != of, format!("{counted} of {all}"))
            }
        };
        shrinks.then(|| format!("{receipt:?} after {before}"))
    }
}
