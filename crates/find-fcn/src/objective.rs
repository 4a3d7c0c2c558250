//! What is made small.

use crate::CellsConfig;
use crate::answer::{Answer, N_OUTPUTS};
use crate::labels::{CellTarget, N_TARGETS};
use arcmin_nn::data::Batch;
use arcmin_nn::networks::{CellNet, Network};
use arcmin_nn::train::Objective;
use arcmin_nn::{Pass, Result, Value};
use candle_core::{Device, Tensor};

/// Share of cells that are positive, about: the cross-entropy of a batch is divided by this share of its cells, so that it is of
/// order one as the likelihoods are.
const POSITIVE_SHARE: f64 = 2e-3;

/// Cross-entropy of the cells that count, and of those of them that have a halo the likelihoods of its position and mass:
///
/// `sum [softplus(a) - t a] / (POSITIVE_SHARE n) + w_p mean[2 s_p + |d - d_t|^2 exp(-2 s_p) / 2] + w_m mean[s_m + (m - m_t)^2
/// exp(-2 s_m) / 2]`
///
/// with log-odds `a`, label `t`, offset `d`, logarithm of the mass `m` and logarithms of errors `s`. Epochs are chosen by the first
/// term.
pub(crate) struct CellObjective {
    pub(crate) cells: CellsConfig,
}

/// Terms of the loss, each with the number that it is divided by.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    cross_entropy: f64,
    position: f64,
    mass: f64,
    n_cells: f64,
    n_haloes: f64,
}

impl Sums {
    fn cross_entropy(&self) -> f64 {
        self.cross_entropy / (POSITIVE_SHARE * self.n_cells.max(1.0))
    }
}

impl CellObjective {
    /// The loss and its gradient by the rows of the answers.
    fn terms(&self, answers: &[f32], targets: &[f32]) -> (Sums, f64, Vec<f32>) {
        let rows = || answers.chunks_exact(N_OUTPUTS).zip(targets.chunks_exact(N_TARGETS));
        let mut sums = Sums::default();
        for (_, target) in rows() {
            let target = CellTarget::of_row(target);
            sums.n_cells += f64::from(u8::from(target.counts));
            sums.n_haloes += f64::from(u8::from(target.counts && target.halo.is_some()));
        }
        let CellsConfig { mass_weight, position_weight, .. } = self.cells;
        let per_cell = 1.0 / (POSITIVE_SHARE * sums.n_cells.max(1.0));
        let [per_position, per_mass] = [position_weight, mass_weight].map(|weight| weight / sums.n_haloes.max(1.0));
        let mut gradient = vec![0.0; answers.len()];
        for ((row, target), gradient) in rows().zip(gradient.chunks_exact_mut(N_OUTPUTS)) {
            let target = CellTarget::of_row(target);
            if !target.counts {
                continue;
            }
            let answer = Answer::new(row);
            let (a, t) = (answer.log_odds, f64::from(u8::from(target.is_positive)));
            sums.cross_entropy += a.max(0.0) + (-a.abs()).exp().ln_1p() - t * a;
            gradient[0] = (per_cell * (1.0 / (1.0 + (-a).exp()) - t)) as f32;
            let Some((offset, ln_mass)) = target.halo else { continue };
            let [free_position, free_mass] = Answer::has_free_errors(row).map(|is_free| f64::from(u8::from(is_free)));
            let inverse = (-2.0 * answer.ln_sigma_offset).exp();
            let [dx, dy] = [0, 1].map(|axis| answer.offset[axis] - offset[axis]);
            let chi2 = (dx * dx + dy * dy) * inverse;
            sums.position += 2.0 * answer.ln_sigma_offset + 0.5 * chi2;
            gradient[1] = (per_position * dx * inverse) as f32;
            gradient[2] = (per_position * dy * inverse) as f32;
            gradient[3] = (per_position * free_position * (2.0 - chi2)) as f32;
            let inverse = (-2.0 * answer.ln_sigma_mass).exp();
            let dm = answer.ln_mass - ln_mass;
            sums.mass += answer.ln_sigma_mass + 0.5 * dm * dm * inverse;
            gradient[4] = (per_mass * dm * inverse) as f32;
            gradient[5] = (per_mass * free_mass * (1.0 - dm * dm * inverse)) as f32;
        }
        let loss = sums.cross_entropy() + per_position * sums.position + per_mass * sums.mass;
        (sums, loss, gradient)
    }

    fn evaluate(&self, network: &CellNet, batch: &Batch, pass: &Pass) -> Result<(Sums, Value)> {
        let output = network.forward(&Value::constant(batch.parts[0].clone()), pass)?; // [n, h, w, 6]
        let device = output.tensor().device().clone();
        let host = |tensor: &Tensor| -> Result<Vec<f32>> {
            Ok(tensor.to_device(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?)
        };
        let (sums, loss, gradient) = self.terms(&host(output.tensor())?, &host(&batch.parts[1])?);
        let gradient = Tensor::from_vec(gradient, output.dims(), &Device::Cpu)?.to_device(&device)?;
        let loss = Tensor::new(loss as f32, &device)?;
        let backward = move |outer: Tensor| {
            let factor = f64::from(outer.to_scalar::<f32>()?);
            Ok(vec![Some(gradient.affine(factor, 0.0)?)])
        };
        Ok((sums, Value::operation(&[&output], loss, backward)))
    }
}

impl Objective<CellNet> for CellObjective {
    fn loss(&self, network: &CellNet, batch: &Batch, pass: &Pass) -> Result<Value> {
        Ok(self.evaluate(network, batch, pass)?.1)
    }

    fn judge(&self, network: &CellNet, batch: &Batch, pass: &Pass) -> Result<(f64, Vec<f32>)> {
        let (sums, loss) = self.evaluate(network, batch, pass)?;
        Ok((loss.scalar()?, vec![sums.cross_entropy as f32, sums.n_cells as f32]))
    }

    fn cost(&self, kept: &[f32]) -> Option<f64> {
        let total = kept.chunks_exact(2).fold(Sums::default(), |sums, batch| Sums {
            cross_entropy: sums.cross_entropy + f64::from(batch[0]),
            n_cells: sums.n_cells + f64::from(batch[1]),
            ..sums
        });
        (total.n_cells > 0.0).then(|| total.cross_entropy())
    }
}
