//! The server under `strace`, from its start to its end.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const CALLS: &str = "trace=openat,accept4,write,writev,sendto,sendmsg,pwrite64,fdatasync,fsync";
const NEEDS: &str = "this program needs strace (on Debian and its kin: apt-get install strace)";

/// Starts a server on an empty directory, plays, ends it, and gives the trace.
///
/// # Errors
/// There is no strace, it may not trace, or the server did not begin or end as it should.
pub fn record(play: impl FnOnce(SocketAddr)) -> io::Result<String> {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trace-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("trace");
    let mut strace = Command::new("strace")
        .args(["-f", "-xx", "-s", "1000000", "-e", CALLS, "-o"])
        .arg(&file)
        .arg(env!("CARGO_BIN_EXE_verbatimd"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(folder.join("log"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| io::Error::other(format!("cannot start strace: {error}; {NEEDS}")))?;
    let address = listening(&mut strace)?;
    play(address);
    end_server(&strace)?;
    strace.wait()?;
    let trace = std::fs::read_to_string(&file)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(trace)
}

fn listening(strace: &mut Child) -> io::Result<SocketAddr> {
    let output = strace.stdout.take().expect("it is piped above");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening on ").map(str::parse);
    match address {
        Some(Ok(address)) => Ok(address),
        _ => Err(io::Error::other(format!(
            "the server does not listen ({line:?}): perhaps strace may not trace here"
        ))),
    }
}

/// The server is strace's one child.
fn end_server(strace: &Child) -> io::Result<()> {
    let pid = strace.id();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    let child = children
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok());
    let child = child.ok_or_else(|| io::Error::other("strace has no child"))?;
    let child = nix::unistd::Pid::from_raw(child);
    Ok(nix::sys::signal::kill(
        child,
        nix::sys::signal::Signal::SIGTERM,
    )?)
}
