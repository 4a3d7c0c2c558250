//! The configuration of the method.

use crate::Error;
use arcmin_nn::networks::{DropoutPlace, MResUNetConfig, Residuals};
use arcmin_nn::train::TrainSettings;
use serde::{Deserialize, Serialize};

/// How the network is made, fed and trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SzMassConfig {
    /// The network.
    pub network: NetworkConfig,
    /// What it answers.
    pub answer: AnswerConfig,
    /// Input pixels are divided by this; about 350 makes them less than one (Gupta20, section 2.2.5).
    pub input_scale_uk: f64,
    /// Width of the smooth edge of the input; 2' in Gupta20, zero for none.
    pub apodisation_arcmin: f64,
    /// Whether the network is told the redshift.
    #[serde(default)]
    pub redshift: RedshiftInput,
    /// The training.
    pub training: TrainSettings,
}

/// The mResUNet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Channels of the first box, even; 64 in Gupta20.
    pub width: usize,
    /// Probability that a feature is dropped in training; 0.3 in Gupta20.
    pub dropout_rate: f32,
    /// Where features are dropped.
    #[serde(default)]
    pub dropout_place: DropoutPlaceConfig,
    /// Of the first weights.
    pub seed: u64,
}

/// In which half of the network features are dropped: Gupta20 names both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropoutPlaceConfig {
    /// In the decoder (its section 2).
    #[default]
    Decoder,
    /// In the encoder (its section 3).
    Encoder,
}

/// What the network answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AnswerConfig {
    /// The SZ profile with the mass in its central pixel, by mean squared error (Gupta20).
    Point,
    /// That, and the posterior of ln M as a mixture of Gaussians, by its likelihood.
    Posterior {
        /// Gaussians of the mixture.
        n_components: usize,
        /// Weight of the mean squared error of the profile beside the likelihood.
        profile_weight: f64,
    },
}

/// Whether the network is told the redshift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedshiftInput {
    /// It is not: all clusters of the training are at one.
    #[default]
    Ignored,
    /// It is, as one more input channel that is `ln(1 + z)` everywhere.
    Channel,
}

impl SzMassConfig {
    /// Checks what the network and the training do not check themselves.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let require = |key, value: f64, holds: bool, must_be| {
            if holds { Ok(()) } else { Err(Error::BadValue { key, value, must_be }) }
        };
        let scale = self.input_scale_uk;
        require("input_scale_uk", scale, scale.is_finite() && scale > 0.0, "finite and above zero")?;
        let edge = self.apodisation_arcmin;
        require("apodisation_arcmin", edge, edge.is_finite() && edge >= 0.0, "finite and not negative")?;
        if let AnswerConfig::Posterior { n_components, profile_weight } = self.answer {
            require("answer.n_components", n_components as f64, (1..=16).contains(&n_components), "from 1 to 16")?;
            let is_weight = profile_weight.is_finite() && profile_weight >= 0.0;
            require("answer.profile_weight", profile_weight, is_weight, "finite and not negative")?;
        }
        Ok(())
    }

    /// Gaussians of the posterior; none where a point is all.
    pub(crate) fn n_components(&self) -> usize {
        match self.answer {
            AnswerConfig::Point => 0,
            AnswerConfig::Posterior { n_components, .. } => n_components,
        }
    }

    /// Channels of the input for a number of bands.
    pub(crate) fn n_input(&self, n_bands: usize) -> usize {
        n_bands + usize::from(self.redshift == RedshiftInput::Channel)
    }

    /// The network for a number of bands.
    pub(crate) fn network(&self, n_bands: usize) -> MResUNetConfig {
        MResUNetConfig {
            in_channels: self.n_input(n_bands),
            out_channels: 1 + 3 * self.n_components(),
            width: self.network.width,
            dropout_rate: self.network.dropout_rate,
            dropout_place: match self.network.dropout_place {
                DropoutPlaceConfig::Decoder => DropoutPlace::Decoder,
                DropoutPlaceConfig::Encoder => DropoutPlace::Encoder,
            },
            residuals: Residuals::Added,
            seed: self.network.seed,
        }
    }
}
