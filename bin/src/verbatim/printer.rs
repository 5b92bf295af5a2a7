//! Writes messages to standard output, one line each, and says what is written.

use crate::clean;
use std::io;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use verbatim_core::client::Message;
use verbatim_core::id::Seq;
use verbatim_core::name::Recipient;

/// Messages written at once.
const BATCH: usize = 64;

/// What came of printing.
#[derive(Debug)]
pub(crate) enum Printed {
    /// So many messages are written, up to this seq.
    UpTo(Seq, usize),
    /// Nobody reads any more, or the disk is full.
    Failed(io::Error),
}

/// Prints until there is nothing more to come, or nobody to read it.
pub(crate) async fn run(
    mut out: impl AsyncWrite + Unpin,
    mut messages: UnboundedReceiver<Message>,
    printed: UnboundedSender<Printed>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let up_to = batch
            .iter()
            .map(|message| message.seq)
            .max()
            .unwrap_or_default();
        let text: String = batch.iter().map(line).collect();
        let wrote = write(&mut out, &text).await;
        let failed = wrote.is_err();
        let news = match wrote {
            Ok(()) => Printed::UpTo(up_to, batch.len()),
            Err(error) => Printed::Failed(error),
        };
        if printed.send(news).is_err() || failed {
            return;
        }
        batch.clear();
    }
}

async fn write(out: &mut (impl AsyncWrite + Unpin), text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes()).await?;
    out.flush().await
}

fn line(message: &Message) -> String {
    let body = clean::line(&message.body);
    match message.to {
        Recipient::All => format!("{} -> ALL: {body}\n", message.from),
        Recipient::User(_) => format!("{}: {body}\n", message.from),
    }
}
