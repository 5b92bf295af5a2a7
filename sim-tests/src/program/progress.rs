//! How far a long request is: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Between two lines.
const LINE_TIME: Duration = Duration::from_secs(10);

/// See the module's words. It may be told from several threads.
pub(super) struct Progress {
    bar: ProgressBar,
    lines: Option<Mutex<Lines>>,
}

struct Lines {
    next: Instant,
    done: u64,
}

impl Progress {
    /// Of a request of that many runs, or of that many milliseconds.
    pub(super) fn new(of: u64, unit: &str) -> Progress {
        let bar = if stderr().is_terminal() {
            ProgressBar::new(of)
        } else {
            ProgressBar::hidden()
        };
        let style = format!("{{elapsed}} {{wide_bar}} {{pos}}/{{len}} {unit} {{msg}}");
        bar.set_style(ProgressStyle::with_template(&style).unwrap_or(ProgressStyle::default_bar()));
        let next = Instant::now() + LINE_TIME;
        let lines = (!stderr().is_terminal()).then(|| Mutex::new(Lines { next, done: 0 }));
        Progress { bar, lines }
    }

    /// So much is done, and that is what came of it.
    pub(super) fn at(&self, position: u64, words: impl Fn() -> String) {
        self.bar.set_position(position);
        let Some(lines) = &self.lines else {
            return self.bar.set_message(words());
        };
        // A thread that panicked with it left two numbers, which are as good as others.
        let mut lines = lines.lock().unwrap_or_else(|lock| lock.into_inner());
        lines.done = position;
        if lines.next <= Instant::now() {
            lines.next += LINE_TIME;
            // Who closed it does not want to know.
            let _ = writeln!(stderr(), "{}", words());
        }
    }

    /// It is over: the bar goes.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
