//! Dynamical states of clusters.

use serde::{Deserialize, Serialize};

/// How far a cluster is from equilibrium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DynamicalState {
    /// No recent merger: concentrated, with a cool core.
    Relaxed,
    /// In between.
    Intermediate,
    /// Merging with a second halo.
    Disturbed,
}

impl DynamicalState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Relaxed, Self::Intermediate, Self::Disturbed];
}

/// One value for each dynamical state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByState<T> {
    /// Of relaxed clusters.
    pub relaxed: T,
    /// Of those in between.
    pub intermediate: T,
    /// Of merging clusters.
    pub disturbed: T,
}

impl<T> ByState<T> {
    /// The same value for all.
    pub const fn same(value: T) -> Self
    where
        T: Copy,
    {
        Self { relaxed: value, intermediate: value, disturbed: value }
    }

    /// The value of one state.
    pub const fn of(&self, state: DynamicalState) -> &T {
        match state {
            DynamicalState::Relaxed => &self.relaxed,
            DynamicalState::Intermediate => &self.intermediate,
            DynamicalState::Disturbed => &self.disturbed,
        }
    }

    /// The values made from those of each state.
    pub(crate) fn map<U>(&self, of: impl Fn(&T) -> U) -> ByState<U> {
        ByState { relaxed: of(&self.relaxed), intermediate: of(&self.intermediate), disturbed: of(&self.disturbed) }
    }
}

impl ByState<f64> {
    /// The values in the order of [`DynamicalState::ALL`].
    pub(crate) fn values(&self) -> [f64; 3] {
        [self.relaxed, self.intermediate, self.disturbed]
    }

    /// Mean and variance over a population with the given shares.
    pub(crate) fn moments(&self, shares: &ByState<f64>) -> [f64; 2] {
        let pairs = || shares.values().into_iter().zip(self.values());
        let mean: f64 = pairs().map(|(share, value)| share * value).sum();
        [mean, pairs().map(|(share, value)| share * (value - mean).powi(2)).sum()]
    }
}
