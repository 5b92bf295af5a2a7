//! The operator's door to a running server: a socket in the log's directory that only the server's own user can reach.
//! One connection, one line: `status`, `backup FILE`, or `remove-body SEQ`. The answer is a line that begins with `ok` or `no`.

use crate::commands::answer_remove_body;
use crate::log::directory;
use crate::options::{EngineKind, Options};
use crate::wall_clock;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, spawn_blocking, spawn_local};
use verbatim_core::id::Seq;
use verbatim_net::Server;

/// The socket's name in the log's directory.
pub(crate) const NAME: &str = "control";
/// The longest question: a path is at most 4 KiB.
const QUESTION_BYTES_MAX: u64 = 8 * 1024;
/// From this length on a path is none for a socket, on one system or another (Linux: 108, others 104).
const SOCKET_PATH_BYTES: usize = 104;

/// The open door; it is shut with this value.
pub(crate) struct Door {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
        // If it stays there, the next server takes its place.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the door, if there is a directory for it. Serving goes on without it: the operator is told.
pub(crate) fn listen(options: &Options, server: &Server) -> Option<Door> {
    if options.engine == EngineKind::Memory {
        return None;
    }
    let directory = directory(options).ok()?;
    let path = directory.join(NAME);
    // The lock on the directory is ours: a socket that is there belongs to a server that is gone.
    let _ = std::fs::remove_file(&path);
    let opened = at_socket(&directory, |path| UnixListener::bind(path)).and_then(|listener| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    });
    match opened {
        Ok(listener) => {
            let task = spawn_local(answer_all(listener, server.clone()));
            Some(Door { path, task })
        }
        Err(error) => {
            tracing::warn!(
                "no backup can be made and no text removed while this server runs: {}: {error}",
                path.display()
            );
            None
        }
    }
}

/// Does something at the socket's path. One that is too long for a socket leads through the opened directory instead.
pub(crate) fn at_socket<T>(
    directory: &Path,
    act: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let path = directory.join(NAME);
    if path.as_os_str().len() < SOCKET_PATH_BYTES {
        return act(&path);
    }
    let opened = File::open(directory)?;
    act(&PathBuf::from(format!(
        "/proc/self/fd/{}/{NAME}",
        opened.as_raw_fd()
    )))
}

async fn answer_all(listener: UnixListener, server: Server) {
    while let Ok((stream, _)) = listener.accept().await {
        spawn_local(answer(stream, server.clone()));
    }
}

async fn answer(stream: UnixStream, server: Server) {
    let mut question = String::new();
    let mut stream = BufReader::new(stream);
    let read = (&mut stream)
        .take(QUESTION_BYTES_MAX)
        .read_line(&mut question)
        .await;
    if read.is_err() {
        return;
    }
    let answer = match question.trim_end_matches('\n').split_once(' ') {
        None if question == "status\n" => format!("ok {}", status_line(&server)),
        Some(("backup", file)) => backup(&server, PathBuf::from(file)).await,
        Some(("remove-body", seq)) => remove_body(&server, seq).await,
        _ => "no such command".into(),
    };
    // Whoever asked may have gone.
    let _ = stream.write_all(format!("{answer}\n").as_bytes()).await;
}

/// What the operator may want to know, on one line.
pub(crate) fn status_line(server: &Server) -> String {
    let removed = removed(server.removed());
    match server.proof() {
        Some(proof) => format!("{}{removed} | chain {proof}", server.status()),
        None => server.status().to_string(),
    }
}

/// What a log lacks, as part of a line; nothing of a whole one.
pub(crate) fn removed(up_to: Seq) -> String {
    match up_to {
        Seq(0) => String::new(),
        up_to => format!(" | older messages were removed up to seq {up_to}"),
    }
}

async fn backup(server: &Server, file: PathBuf) -> String {
    let view = match server.view().await {
        Ok(view) => view,
        Err(failure) => return format!("no {failure}"),
    };
    let copied = spawn_blocking(move || (view.copy(&file, wall_clock()), file)).await;
    match copied {
        Ok((Ok(proof), file)) => {
            tracing::info!("a backup was made: {}, up to {proof}", file.display());
            format!("ok {proof}")
        }
        Ok((Err(failure), _)) => format!("no {failure}"),
        Err(_) => "no: the copy ended by itself, which is a fault of this program".into(),
    }
}

async fn remove_body(server: &Server, seq: &str) -> String {
    match seq.parse() {
        Ok(seq) => answer_remove_body(&server.remove_text(Seq(seq)).await, seq),
        Err(_) => "no 2 a record has a number".into(),
    }
}
