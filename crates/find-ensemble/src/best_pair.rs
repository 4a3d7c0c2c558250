//! The pair of thresholds of largest F1, exactly, over all pairs of observed scores.
//!
//! `F1 = 2 TP / (P + TP + FP)` is a ratio of sums over the cutouts that pass, so that the pair which maximises it is found
//! as a sequence of sums to maximise (Dinkelbach67): with `lambda` the best F1 so far, a cutout that passes is worth
//! `w (2 [target] - lambda)`, and some pair beats `lambda` exactly when its worth exceeds `lambda P`. For one `lambda` the
//! cutouts come in by falling first score, into a tree over the second score that knows the largest sum over all scores
//! above a threshold: `O(n log n)`. The sequence rises to the maximum in a handful of steps.
//!
//! - `Dinkelbach67`: W. Dinkelbach, On nonlinear fractional programming, Management Science 13, 492 (1967).

use crate::LabelledCutout;

/// Most steps; it takes fewer than ten.
const MAX_STEPS: usize = 100;

/// Least scores that a cutout must have; `None` lets one without detection pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) first_min: Option<f64>,
    pub(crate) second_min: Option<f64>,
}

impl Pair {
    /// Whether a cutout passes.
    pub(crate) fn passes(&self, cutout: &LabelledCutout) -> bool {
        let reaches = |least: Option<f64>, score: Option<f64>| least.is_none_or(|m| score.is_some_and(|s| s >= m));
        reaches(self.first_min, cutout.evidence.first) && reaches(self.second_min, cutout.evidence.second)
    }

    /// F1 of the cutouts that pass; zero where there is nothing to find and nothing passes.
    pub(crate) fn f1(&self, cutouts: &[LabelledCutout]) -> f64 {
        let (mut found, mut wrong, mut missed) = (0.0, 0.0, 0.0);
        for cutout in cutouts {
            match (self.passes(cutout), cutout.is_target) {
                (true, true) => found += cutout.weight,
                (true, false) => wrong += cutout.weight,
                (false, true) => missed += cutout.weight,
                (false, false) => {}
            }
        }
        let all = 2.0 * found + wrong + missed;
        if all > 0.0 { 2.0 * found / all } else { 0.0 }
    }
}

/// The pair of largest F1; `None` when no pair has any.
pub(crate) fn best_pair(cutouts: &[LabelledCutout]) -> Option<Pair> {
    let search = Search::new(cutouts);
    let mut best: Option<(f64, Pair)> = None;
    for _ in 0..MAX_STEPS {
        let lambda = best.map_or(0.0, |(f1, _)| f1);
        let Some(pair) = search.most_worth(lambda) else { break };
        let f1 = pair.f1(cutouts);
        if f1 <= lambda {
            break;
        }
        best = Some((f1, pair));
    }
    best.map(|(_, pair)| pair)
}

/// The cutouts in the order in which the first threshold lets them in.
struct Search<'a> {
    by_first: Vec<&'a LabelledCutout>,
    /// Distinct second scores by rising value, cutouts without one first.
    second: Vec<Option<f64>>,
}

/// Order of scores, no score below all.
fn order(a: Option<f64>, b: Option<f64>) -> std::cmp::Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

impl<'a> Search<'a> {
    fn new(cutouts: &'a [LabelledCutout]) -> Self {
        let mut by_first: Vec<&LabelledCutout> = cutouts.iter().collect();
        by_first.sort_by(|a, b| order(b.evidence.first, a.evidence.first));
        let mut second: Vec<Option<f64>> = cutouts.iter().map(|cutout| cutout.evidence.second).collect();
        second.sort_by(|a, b| order(*a, *b));
        second.dedup();
        Self { by_first, second }
    }

    /// The pair whose passing cutouts are worth most, of equal ones that of the highest thresholds; `None` when all are
    /// worth nothing.
    fn most_worth(&self, lambda: f64) -> Option<Pair> {
        let mut tree = SuffixTree::new(self.second.len());
        let mut best: Option<(f64, Pair)> = None;
        for (idx, cutout) in self.by_first.iter().enumerate() {
            let leaf = self.second.partition_point(|&second| order(second, cutout.evidence.second).is_lt());
            tree.add(leaf, cutout.weight * (if cutout.is_target { 2.0 } else { 0.0 } - lambda));
            let last_of_score =
                self.by_first.get(idx + 1).is_none_or(|next| next.evidence.first != cutout.evidence.first);
            let (worth, leaf) = tree.best();
            if last_of_score && worth > best.map_or(0.0, |(most, _)| most) {
                best = Some((worth, Pair { first_min: cutout.evidence.first, second_min: self.second[leaf] }));
            }
        }
        best.map(|(_, pair)| pair)
    }
}

/// Sums of numbers on leaves, and the largest sum from some leaf to the last.
struct SuffixTree {
    n_leaves: usize,
    nodes: Vec<Node>,
}

#[derive(Clone, Copy)]
struct Node {
    sum: f64,
    best: f64,
    /// Leaf from which the largest sum runs.
    from: usize,
}

impl SuffixTree {
    fn new(n: usize) -> Self {
        let n_leaves = n.next_power_of_two();
        let empty = Node { sum: 0.0, best: f64::NEG_INFINITY, from: 0 };
        Self { n_leaves, nodes: vec![empty; 2 * n_leaves] }
    }

    fn add(&mut self, leaf: usize, value: f64) {
        let mut at = self.n_leaves + leaf;
        let sum = self.nodes[at].sum + value;
        self.nodes[at] = Node { sum, best: sum, from: leaf };
        while at > 1 {
            at /= 2;
            let (low, high) = (self.nodes[2 * at], self.nodes[2 * at + 1]);
            let with_low = high.sum + low.best;
            let (best, from) = if high.best >= with_low { (high.best, high.from) } else { (with_low, low.from) };
            self.nodes[at] = Node { sum: high.sum + low.sum, best, from };
        }
    }

    fn best(&self) -> (f64, usize) {
        (self.nodes[1].best, self.nodes[1].from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CutoutEvidence;
    use proptest::prelude::*;

    /// Few distinct scores, so that there are ties.
    fn cutouts() -> impl Strategy<Value = Vec<LabelledCutout>> {
        let score = || prop::option::of((1u32..9).prop_map(|s| f64::from(s) / 2.0));
        let one = (score(), score(), 1u32..4, any::<bool>()).prop_map(|(first, second, weight, is_target)| {
            LabelledCutout { evidence: CutoutEvidence::new(first, second), weight: f64::from(weight), is_target }
        });
        prop::collection::vec(one, 1..40)
    }

    proptest! {
        #[test]
        fn the_best_pair_is_that_of_trying_all(cutouts in cutouts()) {
            let mut brute = 0.0f64;
            for a in &cutouts {
                for b in &cutouts {
                    brute = brute.max(Pair { first_min: a.evidence.first, second_min: b.evidence.second }.f1(&cutouts));
                }
            }
            let found = best_pair(&cutouts).map_or(0.0, |pair| pair.f1(&cutouts));
            prop_assert!((found - brute).abs() < 1e-12, "{} of {}", found, brute);
        }

        #[test]
        fn a_cutout_lies_on_each_threshold(cutouts in cutouts()) {
            if let Some(pair) = best_pair(&cutouts) {
                let passing: Vec<_> = cutouts.iter().filter(|cutout| pair.passes(cutout)).collect();
                prop_assert!(passing.iter().any(|cutout| cutout.evidence.first == pair.first_min));
                prop_assert!(passing.iter().any(|cutout| cutout.evidence.second == pair.second_min));
            }
        }
    }

    #[test]
    fn a_small_case_by_hand() {
        let cutout = |first, second, is_target| LabelledCutout {
            evidence: CutoutEvidence::new(Some(first), Some(second)),
            weight: 1.0,
            is_target,
        };
        // Each finder alone has a false detection above both targets; together none.
        let all = [cutout(9.0, 0.1, false), cutout(5.0, 0.6, true), cutout(6.0, 0.5, true), cutout(2.0, 0.9, false)];
        assert_eq!(best_pair(&all), Some(Pair { first_min: Some(5.0), second_min: Some(0.5) }));
    }
}
