//! Forced photometry: amplitudes at given positions and scales.

use crate::Error;
use crate::config::Settings;
use crate::pipeline::{Prepared, Survey, prepare};
use arcmin_maps::{Observation, PixelPosition};
use arcmin_method::Measured;
use arcmin_units::{Arcmin, SkyPosition};
use std::collections::BTreeSet;

/// Amplitude at a given position and scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amplitude {
    /// Central Compton y.
    pub y_c: Measured,
    /// Signal-to-noise ratio.
    pub snr: f64,
}

/// A target with the pixel where it lies.
struct Target {
    idx: usize,
    at: PixelPosition,
    scale: Arcmin,
}

/// Measures every target; `None` for those that lie where nothing is searched.
pub(crate) fn measure(
    settings: &Settings,
    observation: &Observation,
    targets: &[(SkyPosition, Arcmin)],
) -> Result<Vec<Option<Amplitude>>, Error> {
    let survey = Survey::new(observation, settings);
    let located = locate(&survey, targets);
    let mut answers = vec![None; targets.len()];
    for tile in &survey.tiles {
        let here: Vec<&Target> =
            located.iter().filter(|t| tile.core.contains(t.at.x.round() as usize, t.at.y.round() as usize)).collect();
        if !here.is_empty() {
            let mut prepared = prepare(&survey, tile)?;
            measure_tile(&survey, &mut prepared, &here, &mut answers);
        }
    }
    Ok(answers)
}

/// Targets that lie on searched pixels.
fn locate(survey: &Survey<'_>, targets: &[(SkyPosition, Arcmin)]) -> Vec<Target> {
    let shape = survey.footprint.shape();
    let on_map = |at: PixelPosition| {
        let (x, y) = (at.x.round(), at.y.round());
        let inside = x >= 0.0 && y >= 0.0 && x < shape.nx as f64 && y < shape.ny as f64;
        inside && survey.searched[y as usize * shape.nx + x as usize]
    };
    let locate = |(idx, &(position, scale)): (usize, &(SkyPosition, Arcmin))| {
        let at = survey.observation.geometry().sky_to_pix(position)?;
        on_map(at).then_some(Target { idx, at, scale })
    };
    targets.iter().enumerate().filter_map(locate).collect()
}

/// Ratio of neighbouring scales for which a filtered map is made.
const SCALE_RATIO: f64 = 1.05;

/// Measures the targets of one window. Maps are filtered on a ladder of scales and the amplitude is linear in `ln scale`
/// between the two rungs around a target's own, which is off by `ln(1.05)^2 / 8`, 0.03 %, of the amplitude at most.
fn measure_tile(
    survey: &Survey<'_>,
    prepared: &mut Prepared<'_>,
    targets: &[&Target],
    answers: &mut [Option<Amplitude>],
) {
    let rungs: BTreeSet<i32> = targets.iter().flat_map(|target| [target.rung(), target.rung() + 1]).collect();
    let mut below: Option<(i32, Vec<Measured>)> = None;
    for rung in rungs {
        let scale = Arcmin::new(SCALE_RATIO.powi(rung));
        let widths = prepared.filter(&survey.settings.fixed().with_scale(scale));
        let at = |target: &&Target| Measured {
            value: interpolate(prepared, target.at) * widths.expected,
            error: widths.used,
        };
        let here: Vec<Measured> = targets.iter().map(at).collect();
        if let Some((lower, values)) = below.filter(|(lower, _)| lower + 1 == rung) {
            for (target, (low, high)) in targets.iter().zip(values.iter().zip(&here)) {
                if target.rung() == lower {
                    answers[target.idx] = Some(target.between(*low, *high));
                }
            }
        }
        below = Some((rung, here));
    }
}

impl Target {
    /// The rung at or below the target's scale.
    fn rung(&self) -> i32 {
        self.steps().floor() as i32
    }

    /// The scale in steps of the ladder.
    fn steps(&self) -> f64 {
        self.scale.value().ln() / SCALE_RATIO.ln()
    }

    /// The amplitude between those of the rungs below and above.
    fn between(&self, low: Measured, high: Measured) -> Amplitude {
        let frac = self.steps() - f64::from(self.rung());
        let mix = |low: f64, high: f64| low + (high - low) * frac;
        let y_c = Measured { value: mix(low.value, high.value), error: mix(low.error, high.error) };
        Amplitude { y_c, snr: y_c.value / y_c.error }
    }
}

/// Half width of the interpolation kernel in pixels.
const LANCZOS: i64 = 4;

/// Value of the filtered map between its pixels, by Lanczos interpolation: filtered maps are band-limited.
fn interpolate(prepared: &Prepared<'_>, at: PixelPosition) -> f64 {
    let window = prepared.data.tile().window;
    let grid = prepared.data.grid();
    let (x, y) = (at.x - window.x0 as f64, at.y - window.y0 as f64);
    let (x0, y0) = (x.floor() as i64, y.floor() as i64);
    let (mut sum, mut weight_sum) = (0.0, 0.0);
    for j in y0 - LANCZOS + 1..=y0 + LANCZOS {
        let weight_y = lanczos(y - j as f64);
        let row = j.rem_euclid(grid.ny() as i64) as usize * grid.nx();
        for i in x0 - LANCZOS + 1..=x0 + LANCZOS {
            let weight = weight_y * lanczos(x - i as f64);
            let column = i.rem_euclid(grid.nx() as i64) as usize;
            sum += weight * f64::from(prepared.work.map[row + column]);
            weight_sum += weight;
        }
    }
    sum / weight_sum
}

/// `sinc(x) sinc(x / a)` within `|x| < a`.
fn lanczos(x: f64) -> f64 {
    let a = LANCZOS as f64;
    let sinc = |t: f64| if t == 0.0 { 1.0 } else { (std::f64::consts::PI * t).sin() / (std::f64::consts::PI * t) };
    if x.abs() < a { sinc(x) * sinc(x / a) } else { 0.0 }
}
