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
    let high = (0..searched.len()).filter(|&i| f64::from(log_odds(i)) >= least);
    let mut peaks: Vec<Peak> = high
        .filter(is_peak)
        .map(|i| Peak { x: i % cells.nx, y: i / cells.nx, answer: Answer::new(&answers[i * N_OUTPUTS..][..N_OUTPUTS]) })
        .collect();
    peaks.sort_by(|a, b| b.answer.log_odds.total_cmp(&a.answer.log_odds));
    peaks
}
