//! What every long-running command shares: progress, interruption, checksums of inputs, differences of configurations,
//! and errors as one line.
//!
//! What goes in: counts of work done. What comes out: a line that tells the rate and the time left, on a terminal as
//! a bar and elsewhere as a line now and then. The command line and the experiment runner use it; no library does.

mod checksum;
mod clock;
mod differences;
mod interrupt;
mod message;
mod progress;

pub use checksum::{Checksum, checksum};
pub use clock::Clock;
pub use differences::differences;
pub use interrupt::{Interrupt, InterruptError};
pub use message::one_line;
pub use progress::Progress;
