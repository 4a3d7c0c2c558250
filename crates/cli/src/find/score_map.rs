//! The map of which a method's candidates are the peaks.

use anyhow::Result;
use arcmin_eval::map_image::{ColourRange, ColourScale, MapStyle};
use arcmin_find_fcn::{FcnConfig, Probability, ProbabilityMap};
use arcmin_find_mmf::units::SignalToNoise;
use arcmin_maps::file::write_map_with;
use arcmin_maps::healpix::{HealpixPixels, write_healpix_with};
use arcmin_maps::{Geometry, HealpixMap, Map, Mask};
use arcmin_sphere::healpix::Ring;
use arcmin_units::{Frame, PixelUnit};
use std::path::Path;

/// The colours of a picture of signal to noise end here.
const SHOWN_SNR: f64 = 8.0;

/// The map of one search, and what of it was searched.
pub(super) enum ScoreMap {
    /// Of a matched filter: the largest signal to noise over its scales, on the pixels of the observation.
    SignalToNoise(Map<SignalToNoise>, Mask),
    /// Of a network that goes over whole maps, on its cells.
    Probability(ProbabilityMap, Asked),
}

/// What the values of such a map are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scores {
    SignalToNoise,
    Probability(Asked),
}

/// What a probability is of: that a target lies near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Asked {
    radius_arcmin: f64,
    mvir_min_msun: f64,
    redshift_min: f64,
}

impl Asked {
    /// What a network was trained to answer.
    pub(super) fn of(config: &FcnConfig) -> Self {
        let (radius_arcmin, target) = (config.cells.radius_arcmin, config.target);
        Self { radius_arcmin, mvir_min_msun: target.mvir_min_msun, redshift_min: target.redshift_min }
    }
}

impl ScoreMap {
    pub(super) fn scores(&self) -> Scores {
        match self {
            Self::SignalToNoise(..) => Scores::SignalToNoise,
            Self::Probability(_, asked) => Scores::Probability(*asked),
        }
    }

    pub(super) fn geometry(&self) -> &Geometry {
        match self {
            Self::SignalToNoise(map, _) => map.geometry(),
            Self::Probability(probability, _) => probability.map.geometry(),
        }
    }

    pub(super) fn pixels(&self) -> &[f32] {
        match self {
            Self::SignalToNoise(map, _) => map.pixels(),
            Self::Probability(probability, _) => probability.map.pixels(),
        }
    }

    /// Its pixels that were searched.
    pub(super) fn searched(&self) -> &Mask {
        match self {
            Self::SignalToNoise(_, searched) => searched,
            Self::Probability(probability, _) => &probability.searched,
        }
    }

    /// Writes it into a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let scores = self.scores();
        let path = folder.join(scores.file());
        match self {
            Self::SignalToNoise(map, _) => write_flat(&path, map, scores),
            Self::Probability(probability, _) => write_flat(&path, &probability.map, scores),
        }
    }
}

fn write_flat<U: PixelUnit>(path: &Path, map: &Map<U>, scores: Scores) -> Result<()> {
    write_map_with(path, map, |header| {
        scores.comments().iter().try_for_each(|text| header.add_commentary("COMMENT", text))?;
        scores.cards().into_iter().try_for_each(|(key, value, comment)| header.set(key, value, comment))
    })?;
    Ok(())
}

fn write_sphere<U: PixelUnit>(path: &Path, map: &HealpixMap<U>, scores: Scores) -> Result<()> {
    write_healpix_with(path, map, |header| {
        scores.comments().iter().try_for_each(|text| header.add_commentary("COMMENT", text))?;
        scores.cards().into_iter().try_for_each(|(key, value, comment)| header.set(key, value, comment))
    })?;
    Ok(())
}

impl Scores {
    /// The name of the file that holds them.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::SignalToNoise => "snr.fits",
            Self::Probability(_) => "probability.fits",
        }
    }

    /// Writes what all tiles have of them into a folder.
    pub(super) fn write_sphere(self, folder: &Path, frame: Frame, pixels: HealpixPixels<Ring>) -> Result<()> {
        let path = folder.join(self.file());
        match self {
            Self::SignalToNoise => write_sphere(&path, &HealpixMap::<SignalToNoise>::new(frame, pixels), self),
            Self::Probability(_) => write_sphere(&path, &HealpixMap::<Probability>::new(frame, pixels), self),
        }
    }

    fn cards(self) -> Vec<(&'static str, f64, &'static str)> {
        match self {
            Self::SignalToNoise => Vec::new(),
            Self::Probability(asked) => vec![
                ("RADIUS", asked.radius_arcmin, "[arcmin] a target lies within this"),
                ("MVIRMIN", asked.mvir_min_msun, "[Msun] least virial mass of targets"),
                ("ZMIN", asked.redshift_min, "least redshift of targets"),
            ],
        }
    }

    /// What cards have no room for.
    fn comments(self) -> &'static [&'static str] {
        match self {
            Self::SignalToNoise => &[],
            Self::Probability(_) => &[
                "Probability that a target lies within RADIUS of the middle of a pixel, calibrated on the peaks of simulated maps;",
                "zero where nothing was searched. Neighbours tell of the same target: they do not add.",
            ],
        }
    }

    /// How a picture shows them.
    pub(super) fn style(self) -> MapStyle {
        match self {
            Self::SignalToNoise => MapStyle {
                title: "Matched-filter signal to noise, best scale".to_owned(),
                colour_label: "S/N".to_owned(),
                range: ColourRange::Fixed { low: -SHOWN_SNR, high: SHOWN_SNR },
                scale: ColourScale::Diverging,
                ..MapStyle::default()
            },
            Self::Probability(asked) => MapStyle {
                title: format!("Probability of a cluster within {}'", asked.radius_arcmin),
                colour_label: "probability".to_owned(),
                range: ColourRange::Fixed { low: 0.0, high: 1.0 },
                scale: ColourScale::Sequential,
                ..MapStyle::default()
            },
        }
    }
}
