//! Peaks of the map of log-odds.

use crate::answer::{Answer, N_OUTPUTS};
use arcmin_maps::Shape;

/// A peak: its cell, and what the network says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Peak {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) answer: Answer,
}

impl Peak {
    /// Where its halo is thought to be, on the grid of cells.
    pub(crate) fn position(&self) -> [f64; 2] {
        [self.x as f64 + self.answer.offset[0], self.y as f64 + self.answer.offset[1]]
    }
}

/// Searched cells of at least some log-odds that no searched cell within a radius surpasses, from the highest down; of equal ones
/// the first counts.
pub(crate) fn peaks(answers: &[f32], searched: &[bool], cells: Shape, least: f64, radius_cells: f64) -> Vec<Peak> {
    let log_odds = |i: usize| if searched[i] { answers[i * N_OUTPUTS] } else { f32::NEG_INFINITY };
    let reach = radius_cells.floor() as i64;
    let is_near = |&(dx, dy): &(i64, i64)| (dx, dy) != (0, 0) && ((dx * dx + dy * dy) as f64) <= radius_cells.powi(2);
    let around = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)));
    let around: Vec<(i64, i64)> = around.filter(is_near).collect();
    let is_peak = |i: &usize| {
        let (x, y) = ((i % cells.nx) as i64, (i / cells.nx) as i64);
        let within = |(x, y): &(i64, i64)| *x >= 0 && *y >= 0 && *x < cells.nx as i64 && *y < cells.ny as i64;
        let others = around.iter().map(|(dx, dy)| (x + dx, y + dy)).filter(within);
        let mut others = others.map(|(x, y)| y as usize * cells.nx + x as usize);
        let ours = log_odds(*i);
        others.all(|other| log_odds(other) < ours || (log_odds(other) == ours && other > *i))
    };
    let high = (0..searched.len()).filter(|&i| searched[i] && f64::from(log_odds(i)) >= least);
    let mut peaks: Vec<Peak> = high
        .filter(is_peak)
        .map(|i| Peak { x: i % cells.nx, y: i / cells.nx, answer: Answer::new(&answers[i * N_OUTPUTS..][..N_OUTPUTS]) })
        .collect();
    peaks.sort_by(|a, b| b.answer.log_odds.total_cmp(&a.answer.log_odds));
    peaks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: &[f32]) -> Vec<f32> {
        values.iter().flat_map(|&value| [value, 0.25, -0.5, 0.0, 0.0, 0.0]).collect()
    }

    /// The slow twin: peaks taken one by one from the highest down would hide lower neighbours of lower peaks; these do not.
    #[test]
    fn peaks_are_the_cells_that_nothing_near_surpasses() {
        let mut rng = arcmin_find_learned::stream(5, "map", 0, 0);
        let values: Vec<f32> = (0..30 * 20).map(|_| (rand::Rng::next_u64(&mut rng) % 50) as f32).collect();
        let searched: Vec<bool> = (0..600).map(|i| i % 30 > 2).collect();
        let cells = Shape { ny: 20, nx: 30 };
        let found = peaks(&map(&values), &searched, cells, 20.0, 2.0);
        for i in 0..600 {
            let surpasses = |j: usize| {
                let (dx, dy) = ((i % 30) as i64 - (j % 30) as i64, (i / 30) as i64 - (j / 30) as i64);
                let near = dx * dx + dy * dy <= 4 && i != j && searched[j];
                near && (values[j] > values[i] || values[j] == values[i] && j < i)
            };
            let is_peak = searched[i] && values[i] >= 20.0 && !(0..600).any(surpasses);
            assert_eq!(found.iter().any(|peak| peak.y * 30 + peak.x == i), is_peak, "{i}");
        }
        assert!(found.len() > 20 && found.windows(2).all(|pair| pair[0].answer.log_odds >= pair[1].answer.log_odds));
        assert_eq!(found[0].position(), [found[0].x as f64 + 0.25, found[0].y as f64 - 0.5]);
    }
}
