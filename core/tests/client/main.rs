//! The client against a scripted server: frames written by hand, outputs read as words.
#![allow(clippy::unwrap_used)]

mod bench;
mod corners;
mod deliveries;
mod history;
mod hostile;
mod ids;
mod link;
mod receipts;
mod restored;
