//! Lines of standard input, without their ends, none longer than a bound.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// Longest line in bytes. Far over what any server takes; what is longer is no message.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Something from the input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fed {
    /// A line.
    Line(String),
    /// A line that is too long, or no text; the second is its beginning as far as it can be shown.
    Bad(&'static str, String),
    /// The input is at its end.
    End,
    /// It cannot be read.
    Failed(String),
}

/// Reads lines. What was read of a line is kept here, so that `next` can be dropped and called again.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    line: Vec<u8>,
    /// The rest of a line that is too long is passed over; this is how it began.
    passing_over: Option<String>,
}

impl Lines {
    /// The next line, or what is there instead of one.
    pub(crate) async fn next(&mut self, input: &mut (impl AsyncBufRead + Unpin)) -> Fed {
        loop {
            let room = (LINE_BYTES_MAX + 1).saturating_sub(self.line.len()) as u64;
            let mut limited = (&mut *input).take(room);
            let count = match limited.read_until(b'\n', &mut self.line).await {
                Ok(count) => count,
                Err(error) => return Fed::Failed(error.to_string()),
            };
            let is_over = self.line.last() == Some(&b'\n') || (count == 0 && room > 0);
            if !is_over && self.line.len() > LINE_BYTES_MAX {
                let start = shown(&self.line[..80]);
                self.passing_over.get_or_insert(start);
                self.line.clear();
            } else if is_over && let Some(start) = self.passing_over.take() {
                self.line.clear();
                return Fed::Bad("a line has at most 1 MiB", start);
            } else if count == 0 && self.line.is_empty() {
                return Fed::End;
            } else if is_over {
                return whole(std::mem::take(&mut self.line));
            }
        }
    }
}

fn whole(mut line: Vec<u8>) -> Fed {
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    match String::from_utf8(line) {
        Ok(line) => Fed::Line(line),
        Err(error) => Fed::Bad("a line is UTF-8 text", shown(error.as_bytes())),
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(input: &[u8]) -> Vec<Fed> {
        let (mut input, mut lines, mut fed) = (input, Lines::default(), Vec::new());
        while fed.last() != Some(&Fed::End) {
            fed.push(lines.next(&mut input).await);
        }
        fed
    }

    #[tokio::test(flavor = "current_thread")]
    async fn lines_lose_their_ends_and_the_last_needs_none() {
        let line = |text: &str| Fed::Line(text.into());
        assert_eq!(
            all(b"a\nb\r\n\nc").await,
            [line("a"), line("b"), line(""), line("c"), Fed::End]
        );
        assert_eq!(all(b"").await, [Fed::End]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_no_line_is_told_and_the_next_one_read() {
        let mut input = vec![b'x'; LINE_BYTES_MAX + 5];
        input.extend_from_slice(b"\n\xff\nok\n");
        let fed = all(&input).await;
        assert!(matches!(&fed[0], Fed::Bad(_, start) if start.len() == 80));
        assert_eq!(fed[1], Fed::Bad("a line is UTF-8 text", "\u{fffd}".into()));
        assert_eq!(fed[2..], [Fed::Line("ok".into()), Fed::End]);
    }
}
