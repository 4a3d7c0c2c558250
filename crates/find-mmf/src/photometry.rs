//! Forced photometry: amplitudes at given positions and scales.

use crate::Error;
use crate::config::Settings;
use crate::interpolate::interpolate;
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
const SCALE_RATIO: f64 = 1.25;
/// Rungs below and above a target's own between which its amplitude is interpolated: two on either side.
const RUNGS: [i32; 4] = [-1, 0, 1, 2];

/// Measures the targets of one window. Maps are filtered on a ladder of scales, and amplitude and error are cubic in
/// `ln scale` between the four rungs around a target's own: off by 0.0234 ln(1.25)^4, 6e-5, of the fourth derivative.
///
/// Errors take the noise level of the target's place, as the search does.
fn measure_tile(
    survey: &Survey<'_>,
    prepared: &mut Prepared<'_>,
    targets: &[&Target],
    answers: &mut [Option<Amplitude>],
) {
    let local = match prepared.measured {
        Some(_) => {
            let widths = prepared.filter(survey.settings.fixed());
            Some(prepared.local_noise(widths))
        }
        None => None,
    };
    let mut sums = vec![Measured { value: 0.0, error: 0.0 }; targets.len()];
    let rungs: BTreeSet<i32> = targets.iter().flat_map(|target| RUNGS.map(|step| target.rung() + step)).collect();
    for rung in rungs {
        let amplitudes =
            prepared.filter_for_amplitudes(&survey.settings.fixed().with_scale(Arcmin::new(SCALE_RATIO.powi(rung))));
        for (target, sum) in targets.iter().zip(&mut sums) {
            let weight = target.weight(rung);
            if weight != 0.0 {
                sum.value += weight * value(prepared, target.at) * amplitudes.per_value;
                sum.error += weight * amplitudes.sigma;
            }
        }
    }
    for (target, mut y_c) in targets.iter().zip(sums) {
        if let Some(local) = &local {
            y_c.error *= f64::from(local.at(target.at.x.round() as usize, target.at.y.round() as usize));
        }
        answers[target.idx] = Some(Amplitude { y_c, snr: y_c.value / y_c.error });
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

    /// Weight of a rung in the cubic through the four around the target's scale (Lagrange).
    fn weight(&self, rung: i32) -> f64 {
        let (own, at) = (self.rung(), self.steps());
        if !RUNGS.contains(&(rung - own)) {
            return 0.0;
        }
        let others = RUNGS.iter().map(|step| own + step).filter(|&other| other != rung);
        others.map(|other| (at - f64::from(other)) / f64::from(rung - other)).product()
    }
}

/// Value of the filtered map of a window at a position of the whole map.
fn value(prepared: &Prepared<'_>, at: PixelPosition) -> f64 {
    let window = prepared.data.tile().window;
    let at = PixelPosition { x: at.x - window.x0 as f64, y: at.y - window.y0 as f64 };
    interpolate(&prepared.work.map, prepared.data.grid(), at)
}
