//! Progress with rate and time left.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Where no terminal listens, a line is written at most this often.
const LINE_INTERVAL: Duration = Duration::from_secs(15);

/// A count of work done out of a known total, shown on standard error.
pub struct Progress {
    bar: ProgressBar,
    what: &'static str,
    started: Instant,
    last_line: Option<Mutex<Instant>>,
}

impl Progress {
    /// Starts at zero of `total` pieces of `what` (a plural: `tiles`).
    pub fn new(what: &'static str, total: u64) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let target = if on_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}, {per_sec}, {eta} left")
            .expect("the template is a constant that parses");
        let bar = ProgressBar::with_draw_target(Some(total), target).with_style(style).with_message(what);
        let started = Instant::now();
        Self { bar, what, started, last_line: (!on_terminal).then(|| Mutex::new(started)) }
    }

    /// Counts `n` more pieces as done.
    pub fn advance(&self, n: u64) {
        self.bar.inc(n);
        let Some(last_line) = &self.last_line else { return };
        let Ok(mut last_line) = last_line.lock() else { return };
        if last_line.elapsed() >= LINE_INTERVAL {
            *last_line = Instant::now();
            self.write_line();
        }
    }

    /// Takes the bar off the terminal.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    #[allow(clippy::print_stderr, reason = "progress is for the person at the terminal or reading the job's log")]
    fn write_line(&self) {
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let seconds = self.started.elapsed().as_secs_f64();
        let left = seconds * total.saturating_sub(done) as f64 / done.max(1) as f64;
        eprintln!("{done}/{total} {}, {:.2} a second, about {left:.0} s left", self.what, done as f64 / seconds);
    }
}
