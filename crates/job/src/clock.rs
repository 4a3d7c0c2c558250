//! Wall time by stage, for the record of a run.

use std::collections::BTreeMap;
use std::time::Instant;

/// Wall seconds of each stage of a command; a stage that comes again is added to.
#[derive(Debug, Default)]
pub struct Clock(BTreeMap<String, f64>);

impl Clock {
    /// Does a piece of work and counts its time for the stage.
    pub fn time<T>(&mut self, stage: &str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        *self.0.entry(stage.to_owned()).or_default() += start.elapsed().as_secs_f64();
        result
    }

    /// Seconds by stage.
    pub fn into_seconds(self) -> BTreeMap<String, f64> {
        self.0
    }
}
