//! What the system says of a process: processor time and resident memory; and where it may run.

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use std::fs;
use std::io;

/// Processor time of all threads that live, in nanoseconds; at most one scheduler tick old.
///
/// # Errors
/// What the system says, for instance that the process has ended.
pub fn cpu_nanos(pid: u32) -> io::Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while we look.
        let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        let nanos = text.split(' ').next().and_then(|word| word.parse().ok());
        sum += nanos.unwrap_or(0u64);
    }
    Ok(sum)
}

/// Resident memory in KiB.
///
/// # Errors
/// What the system says, for instance that the process has ended.
pub fn resident_kib(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .ok_or_else(|| io::Error::other(format!("process {pid} tells no VmRSS")))
}

/// Keeps this thread, and what it starts from now on, on one core.
///
/// # Errors
/// What the system says, for instance that there is no such core.
pub fn pin(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &cores)?)
}

/// Raises the number of files that this process, and what it starts, may have open to the most that it may ask for.
///
/// # Errors
/// What the system says.
pub fn raise_open_files() -> io::Result<u64> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    Ok(most)
}
