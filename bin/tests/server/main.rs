//! The real `verbatimd` over real TCP: what programs of others rely on, and what no program can do to it.

#[path = "../common/mod.rs"]
mod common;

mod ack_verb;
mod bad_bytes;
mod bad_input;
mod cut_off;
mod dialects;
mod faults;
mod program;
mod seed_client;
mod sessions;
