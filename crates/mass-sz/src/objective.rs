//! What is made small.

use crate::answer::Answer;
use crate::config::AnswerConfig;
use arcmin_nn::data::Batch;
use arcmin_nn::loss::{mixture_nll, mse, weighted_sum};
use arcmin_nn::networks::{MResUNet, Network};
use arcmin_nn::train::Objective;
use arcmin_nn::{Pass, Result, Value};

/// Mean squared error of the profile, and the mixture's likelihood where there is one.
pub(crate) struct SzObjective {
    pub(crate) answer: AnswerConfig,
}

impl Objective<MResUNet> for SzObjective {
    /// Parts of the batch: input, profile with the mass in its centre, scaled ln M.
    fn loss(&self, network: &MResUNet, batch: &Batch, pass: &Pass) -> Result<Value> {
        let output = network.forward(&Value::constant(batch.parts[0].clone()), pass)?;
        let answer = Answer::new(&output)?;
        let profile = mse(&answer.profile, &batch.parts[1])?;
        match (&self.answer, &answer.mixture) {
            (AnswerConfig::Posterior { profile_weight, .. }, Some(mixture)) => {
                let target = batch.parts[2].flatten_all()?;
                weighted_sum(&[(1.0, &mixture_nll(mixture, &target)?), (*profile_weight, &profile)])
            }
            _ => Ok(profile),
        }
    }
}
