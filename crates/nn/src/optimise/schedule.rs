//! Learning rates over the course of training.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// A rate that rises at first: from `from_factor` times the base rate, linearly over `n_steps` steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    /// Factor of the first step; 1/3 in Lin21.
    pub from_factor: f64,
    /// Steps until the base rate; 500 in Lin21.
    pub n_steps: u64,
}

/// A rate that falls by `factor` each time `every_n_steps` steps are done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDecay {
    /// Factor of each fall; 0.1 in Lin21.
    pub factor: f64,
    /// Steps between falls.
    pub every_n_steps: u64,
    /// Falls after which the rate stays; 1 in Lin21.
    pub most: u64,
}

/// A rate that falls when the validation loss has not improved for some epochs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plateau {
    /// Factor of each fall; 0.5 in Gupta20.
    pub factor: f64,
    /// Epochs without improvement before a fall; 5 in Gupta20.
    pub patience_epochs: u64,
}

/// A base rate and what changes it; all that are given act together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSettings {
    /// The rate that factors apply to.
    pub base_rate: f64,
    /// A rise at first.
    #[serde(default)]
    pub warm_up: Option<WarmUp>,
    /// Falls after numbers of steps.
    #[serde(default)]
    pub step_decay: Option<StepDecay>,
    /// Falls where validation stands still.
    #[serde(default)]
    pub plateau: Option<Plateau>,
}

impl ScheduleSettings {
    /// One rate throughout.
    pub fn constant(base_rate: f64) -> Self {
        Self { base_rate, warm_up: None, step_decay: None, plateau: None }
    }
}

/// The rate as training goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    settings: ScheduleSettings,
    #[serde(with = "crate::train::bits")]
    plateau_factor: f64,
    #[serde(with = "crate::train::bits::option")]
    best_loss: Option<f64>,
    n_epochs_without: u64,
}

impl Schedule {
    /// Before the first step.
    ///
    /// # Errors
    /// When a number of the settings is outside of its domain.
    pub fn new(settings: ScheduleSettings) -> Result<Self> {
        let factors = [
            ("base_rate", Some(settings.base_rate)),
            ("warm_up.from_factor", settings.warm_up.map(|w| w.from_factor)),
            ("step_decay.factor", settings.step_decay.map(|s| s.factor)),
            ("step_decay.every_n_steps", settings.step_decay.map(|s| s.every_n_steps as f64)),
            ("plateau.factor", settings.plateau.map(|p| p.factor)),
            ("plateau.patience_epochs", settings.plateau.map(|p| p.patience_epochs as f64)),
        ];
        for (what, value) in factors {
            if let Some(value) = value.filter(|value| !(*value > 0.0 && value.is_finite())) {
                return Err(Error::Setting { what, value: value.to_string(), must: "above zero" });
            }
        }
        Ok(Self { settings, plateau_factor: 1.0, best_loss: None, n_epochs_without: 0 })
    }

    /// The rate of step number `step`, from 0.
    pub fn rate(&self, step: u64) -> f64 {
        let mut rate = self.settings.base_rate * self.plateau_factor;
        if let Some(WarmUp { from_factor, n_steps }) = self.settings.warm_up.filter(|w| step < w.n_steps) {
            rate *= from_factor + (1.0 - from_factor) * step as f64 / n_steps as f64;
        }
        if let Some(StepDecay { factor, every_n_steps, most }) = self.settings.step_decay {
            rate *= factor.powi(i32::try_from((step / every_n_steps).min(most)).unwrap_or(i32::MAX));
        }
        rate
    }

    /// Hears the validation loss of an epoch.
    pub fn observe(&mut self, validation_loss: f64) {
        if self.best_loss.is_none_or(|best| validation_loss < best) {
            self.best_loss = Some(validation_loss);
            self.n_epochs_without = 0;
            return;
        }
        self.n_epochs_without += 1;
        if let Some(Plateau { factor, .. }) =
            self.settings.plateau.filter(|p| self.n_epochs_without >= p.patience_epochs)
        {
            self.plateau_factor *= factor;
            self.n_epochs_without = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_and_step_decay_follow_the_paper() -> Result<()> {
        let schedule = Schedule::new(ScheduleSettings {
            base_rate: 0.03,
            warm_up: Some(WarmUp { from_factor: 1.0 / 3.0, n_steps: 500 }),
            step_decay: Some(StepDecay { factor: 0.1, every_n_steps: 1000, most: 1 }),
            plateau: None,
        })?;
        for (step, expected) in [(0, 0.01), (250, 0.02), (500, 0.03), (999, 0.03), (1000, 0.003), (5000, 0.003)] {
            assert!((schedule.rate(step) - expected).abs() < 1e-12, "step {step}: {}", schedule.rate(step));
        }
        Ok(())
    }

    #[test]
    fn the_rate_is_halved_after_five_epochs_without_improvement() -> Result<()> {
        let plateau = Some(Plateau { factor: 0.5, patience_epochs: 5 });
        let mut schedule = Schedule::new(ScheduleSettings { plateau, ..ScheduleSettings::constant(1.0) })?;
        let mut rates = Vec::new();
        for loss in [3.0, 2.0, 2.0, 2.1, 2.5, 2.0, 2.2, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0] {
            schedule.observe(loss);
            rates.push(schedule.rate(0));
        }
        assert_eq!(rates, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]);
        Ok(())
    }
}
