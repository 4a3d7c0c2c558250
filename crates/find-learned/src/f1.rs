//! The F1 of scored cutouts.

/// Largest `2 TP / (2 TP + FN + FP)` (Lin21, Eq. 1) over thresholds `score >= threshold`; `None` without a positive.
pub fn best_f1(pairs: &mut [(f64, bool)]) -> Option<f64> {
    let n_positives = pairs.iter().filter(|pair| pair.1).count();
    if n_positives == 0 {
        return None;
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut n_taken, mut n_true, mut best) = (0, 0, 0.0f64);
    // Cutouts of one score are taken together.
    for alike in pairs.chunk_by(|a, b| a.0 == b.0) {
        n_taken += alike.len();
        n_true += alike.iter().filter(|pair| pair.1).count();
        best = best.max(2.0 * n_true as f64 / (n_taken + n_positives) as f64);
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_f1_is_that_of_the_best_threshold_and_ties_go_together() {
        assert_eq!(best_f1(&mut [(0.1, false), (0.9, true), (0.5, true)]), Some(1.0));
        // At 0.5: two of three taken are right, none is missed: 4 / 5.
        assert_eq!(best_f1(&mut [(0.5, false), (0.9, true), (0.5, true), (0.1, false)]), Some(0.8));
        assert_eq!(best_f1(&mut [(0.5, false)]), None);
    }
}
