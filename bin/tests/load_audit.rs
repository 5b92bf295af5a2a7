//! The load program's own tests: its audit finds each fault that is planted. No test here asserts a time.

#[allow(dead_code)]
#[path = "../benches/load/main.rs"]
mod load;
