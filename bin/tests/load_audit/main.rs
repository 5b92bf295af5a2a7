//! The load program's own tests: its audit finds each fault that is planted. No test here asserts a time.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code)]
#[path = "../../benches/load/main.rs"]
mod load;

mod book;
mod faulty;
mod honest;
mod parts;
