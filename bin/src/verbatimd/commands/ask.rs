//! Asking a running server through its door, and why it may not be heard: no such directory, no permission, a door that is
//! shut, a server that was stopped. Only where none of these is so does no server run.

use crate::Trouble;
use crate::control::{NAME, at_socket};
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
use verbatim_net::engine::disk::LOCK_NAME;

/// A server tells its status at once; one that takes so long is stopped, or stuck.
const STATUS_TIME_MAX: Duration = Duration::from_secs(5);

/// Asks the server that has this directory; `None`: there is none.
///
/// # Errors
/// There is one, or nobody can tell, and it cannot be asked.
pub(super) fn ask(directory: &Path, question: &str) -> Result<Option<String>, Trouble> {
    let reached = at_socket(directory, |path| UnixStream::connect(path));
    let status = match reached {
        Ok(stream) => converse(&stream, "status", Some(STATUS_TIME_MAX)),
        Err(error) => return why_unreached(directory, &error).map_or(Ok(None), Err),
    };
    // Whoever tells its status lives, and may take for anything else as long as it must: a log may be large.
    let answer = match question {
        "status" => status,
        _ => status.and_then(|_| {
            let stream = at_socket(directory, |path| UnixStream::connect(path))?;
            converse(&stream, question, None)
        }),
    };
    answer.map(Some).map_err(|error| unheard(directory, &error))
}

fn converse(
    mut stream: &UnixStream,
    question: &str,
    time_max: Option<Duration>,
) -> io::Result<String> {
    stream.set_read_timeout(time_max)?;
    stream.write_all(format!("{question}\n").as_bytes())?;
    let mut answer = String::new();
    match BufReader::new(stream).read_line(&mut answer)? {
        0 => Err(io::Error::new(
            ErrorKind::UnexpectedEof,
            "it ended meanwhile",
        )),
        _ => Ok(answer.trim_end().to_owned()),
    }
}

fn unheard(directory: &Path, error: &io::Error) -> Trouble {
    let is_silent = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    let why = match is_silent {
        true => format!(
            "does not answer within {} s: it was stopped (kill -CONT lets it go on), or is stuck",
            STATUS_TIME_MAX.as_secs()
        ),
        false => format!("did not answer: {error}"),
    };
    Trouble {
        text: format!("the server that has {} {why}", directory.display()),
        code: 4,
    }
}

/// What is the matter, if it is not that no server runs.
fn why_unreached(directory: &Path, error: &io::Error) -> Option<Trouble> {
    let shown = directory.display();
    let trouble = |code, text| Some(Trouble { text, code });
    let refused = |error: &io::Error| match error.kind() {
        ErrorKind::PermissionDenied => format!(
            "no permission for the log in {shown}: run this as the user whose server has it"
        ),
        _ => format!("cannot use {shown}: {error}; name the log's directory with --data"),
    };
    match directory.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return trouble(
                4,
                format!("there is no {shown}: name the log's directory with --data"),
            );
        }
        Err(error) => return trouble(4, refused(&error)),
        Ok(_) if error.kind() == ErrorKind::PermissionDenied => return trouble(4, refused(error)),
        Ok(_) => {}
    }
    let locked = match File::open(directory.join(LOCK_NAME)) {
        Ok(lock) => lock.try_lock_shared(),
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => return trouble(4, refused(&error)),
    };
    match locked {
        Ok(()) => None,
        Err(TryLockError::Error(error)) => trouble(4, refused(&error)),
        Err(TryLockError::WouldBlock) => trouble(
            5,
            format!(
                "another process has the log in {shown}, and cannot be asked at {shown}/{NAME} ({error}). If it is a \
                 server, it has yet to begin, or said why when it began; SIGUSR1 makes it print its status, and once it \
                 has ended this works without it. If it is another command, wait for its end"
            ),
        ),
    }
}
