//! One of `n` processes that share a run's work.

use anyhow::{Context, Result, ensure};
use std::str::FromStr;

/// Which pieces of a run's work are this process's: those whose number leaves the remainder `index` modulo `count`.
///
/// Written `i/n` with `i` from 0 to `n - 1`, or `slurm` inside a Slurm job array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// All the work.
    pub(crate) const WHOLE: Self = Self { index: 0, count: 1 };

    fn new(index: usize, count: usize) -> Result<Self> {
        ensure!(index < count, "shard {index}/{count} does not exist: the first of n is 0/n and the last is n-1/n");
        Ok(Self { index, count })
    }

    /// Whether this is all the work.
    pub(crate) fn is_whole(self) -> bool {
        self.count == 1
    }

    /// Whether a piece of work is this process's.
    pub(crate) fn has(self, piece: usize) -> bool {
        piece % self.count == self.index
    }

    /// The share of a Slurm job array's task, from the variables that Slurm sets; the array may start anywhere and
    /// have any step.
    fn of_slurm(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let number = |name: &str, default: Option<usize>| -> Result<usize> {
            match (variable(name), default) {
                (Some(text), _) => text.trim().parse().with_context(|| format!("{name}={text} is not a number")),
                (None, Some(default)) => Ok(default),
                (None, None) => anyhow::bail!("{name} is not set: --shard slurm is for the tasks of a job array"),
            }
        };
        let id = number("SLURM_ARRAY_TASK_ID", None)?;
        let count = number("SLURM_ARRAY_TASK_COUNT", None)?;
        let first = number("SLURM_ARRAY_TASK_MIN", Some(0))?;
        let step = number("SLURM_ARRAY_TASK_STEP", Some(1))?;
        ensure!(step > 0 && id >= first, "SLURM_ARRAY_TASK_ID={id} is not a task of the array that the job describes");
        Self::new((id - first) / step, count)
    }
}

impl FromStr for Shard {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "slurm" {
            return Self::of_slurm(|name| std::env::var(name).ok());
        }
        let numbers = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        let (index, count) = numbers.with_context(|| format!("{text} is no shard: write i/n, or slurm"))?;
        Self::new(index, count)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_the_work_without_overlap() {
        for count in 1..6 {
            let shards: Vec<Shard> = (0..count).map(|i| format!("{i}/{count}").parse().expect("a shard")).collect();
            for piece in 0..20 {
                assert_eq!(shards.iter().filter(|shard| shard.has(piece)).count(), 1);
            }
        }
    }

    #[test]
    fn impossible_shards_are_refused() {
        for text in ["", "1", "2/2", "0/0", "-1/2", "a/b", "1/2/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_task_of_a_job_array_is_a_shard() {
        let task = |id: &str, count: &str| {
            let set = [
                ("SLURM_ARRAY_TASK_ID", id.to_owned()),
                ("SLURM_ARRAY_TASK_COUNT", count.to_owned()),
                ("SLURM_ARRAY_TASK_MIN", "4".to_owned()),
                ("SLURM_ARRAY_TASK_STEP", "2".to_owned()),
            ];
            Shard::of_slurm(|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone()))
        };
        assert_eq!(task("8", "3").expect("the third of three"), Shard { index: 2, count: 3 });
        assert!(task("10", "3").is_err() && task("2", "3").is_err() && task("x", "3").is_err());
        assert!(Shard::of_slurm(|_| None).expect_err("no array").to_string().contains("SLURM_ARRAY_TASK_ID"));
    }
}
