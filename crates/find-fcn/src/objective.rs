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

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        let mut rng = arcmin_find_learned::stream(seed, "numbers", 0, 0);
        let uniform = |_| (rand::Rng::next_u64(&mut rng) >> 40) as f32 / (1u64 << 24) as f32;
        (0..n).map(uniform).map(|u| 4.0 * u - 2.0).collect()
    }

    fn objective() -> CellObjective {
        CellObjective { cells: CellsConfig { mass_weight: 0.7, position_weight: 0.4, ..CellsConfig::default() } }
    }

    /// Cells of all kinds.
    fn targets(n: usize) -> Vec<f32> {
        let of = |i: usize| CellTarget {
            counts: !i.is_multiple_of(5),
            is_positive: i.is_multiple_of(3),
            halo: i.is_multiple_of(2).then_some(([0.1 * (i % 7) as f64 - 0.3, 0.2], 0.05 * i as f64)),
        };
        (0..n).flat_map(|i| of(i).to_row()).collect()
    }

    #[test]
    fn the_gradient_agrees_with_differences_and_is_zero_where_a_cell_does_not_count() {
        let (answers, targets) = (numbers(40 * N_OUTPUTS, 1), targets(40));
        let (_, loss, gradient) = objective().terms(&answers, &targets);
        for i in 0..answers.len() {
            let step = 1e-2f32;
            let at = |by: f32| {
                let mut moved = answers.clone();
                moved[i] += by;
                objective().terms(&moved, &targets).1
            };
            let difference = (at(step) - at(-step)) / (2.0 * f64::from(step));
            let error = (difference - f64::from(gradient[i])).abs();
            assert!(error < 2e-3 * loss.abs().max(1.0), "{i}: {difference} {}", gradient[i]);
            if (i / N_OUTPUTS).is_multiple_of(5) {
                assert_eq!(gradient[i], 0.0);
            }
        }
    }

    /// By the formula, term by term, on a single cell.
    #[test]
    fn the_loss_is_the_formula() {
        let answer = [0.3f32, 0.1, -0.2, -0.5, 1.2, -0.7];
        let target = CellTarget { counts: true, is_positive: true, halo: Some(([0.4, 0.0], 1.0)) }.to_row();
        let (_, loss, _) = objective().terms(&answer, &target);
        let cross_entropy = (1.0f64 + (-0.3f64).exp()).ln() / POSITIVE_SHARE;
        let position = -1.0 + 0.5 * (0.09 + 0.04) * 1.0f64.exp();
        let mass = -0.7 + 0.5 * 0.04 * 1.4f64.exp();
        assert!((loss - (cross_entropy + 0.4 * position + 0.7 * mass)).abs() < 1e-4 * loss, "{loss}");
    }

    #[test]
    fn epochs_are_chosen_by_the_cross_entropy_of_all_cells_that_count() {
        let (answers, targets) = (numbers(40 * N_OUTPUTS, 2), targets(40));
        let kept = |from: usize, to: usize| {
            let (a, t) = (&answers[from * N_OUTPUTS..to * N_OUTPUTS], &targets[from * N_TARGETS..to * N_TARGETS]);
            let (sums, _, _) = objective().terms(a, t);
            [sums.cross_entropy as f32, sums.n_cells as f32]
        };
        let halves = [kept(0, 15), kept(15, 40)].concat();
        let (whole, halves) = (objective().cost(&kept(0, 40)).unwrap(), objective().cost(&halves).unwrap());
        assert!((whole - halves).abs() < 1e-4 * whole);
        assert_eq!(objective().cost(&[0.0, 0.0]), None);
    }
}
