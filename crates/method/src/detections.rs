//! A finder's answer.

use arcmin_maps::catalogue::columns;
use arcmin_maps::catalogue::name::iau_name;
use arcmin_maps::{Catalogue, Mask, convert_frame};
use arcmin_units::{Arcmin, Frame, HaloMass, Mvir, SkyPosition};

/// A number with its one-sigma error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Best value.
    pub value: f64,
    /// One-sigma error.
    pub error: f64,
}

/// Size and amplitude of a candidate under a template bank.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeMeasured {
    /// Name of the template, e.g. `beta-theta_c-0.50`.
    pub template: String,
    /// Scale of the template in arcmin (core radius or theta500).
    pub scale_arcmin: f64,
    /// Central Compton y under that template.
    pub y_c: Measured,
}

/// What a finder's scores are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreKind {
    /// Signal-to-noise ratios.
    SignalToNoise,
    /// Probabilities that there is a cluster.
    Probability,
    /// An order of belief and no more.
    Order,
}

impl ScoreKind {
    /// The column of a catalogue that holds such scores.
    pub fn column(self) -> &'static str {
        match self {
            Self::SignalToNoise => columns::SNR,
            Self::Probability => columns::PROBABILITY,
            Self::Order => columns::SCORE,
        }
    }
}

/// Mass of a candidate, if it is a cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MassMeasured {
    /// Virial mass: the exponential of the mean of its logarithm.
    pub mvir: Mvir,
    /// One-sigma error of its natural logarithm.
    pub ln_error: f64,
}

/// One candidate cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Position in the frame of the observation's geometry.
    pub position: SkyPosition,
    /// Order of belief: larger is surer. [`ClusterFinder::score_kind`](crate::ClusterFinder::score_kind) tells its scale.
    pub score: f64,
    /// Amplitude at the best scale, where the method measures one.
    pub best: Option<SizeMeasured>,
    /// Amplitude at the method's fixed reference scale, where it measures one.
    pub fixed: Option<SizeMeasured>,
    /// Mass, where the method estimates one.
    pub mass: Option<MassMeasured>,
    /// One-sigma error of the position along each axis, where the method knows it.
    pub position_error: Option<Arcmin>,
    /// Tile of the search in which it was found.
    pub tile_name: String,
    /// Bit flags, see the constants in [`flags`].
    pub flags: u32,
}

impl Candidate {
    /// A candidate of which nothing but place and score is known.
    pub fn new(position: SkyPosition, score: f64) -> Self {
        let tile_name = String::new();
        Self { position, score, best: None, fixed: None, mass: None, position_error: None, tile_name, flags: 0 }
    }
}

/// Bits of [`Candidate::flags`].
pub mod flags {
    /// The centre lies in a masked hole that was filled in.
    pub const IN_FILLED_HOLE: u32 = 1;
    /// A masked or subtracted source lies within the reach of the template.
    pub const NEAR_SOURCE: u32 = 2;
    /// The candidate lies within the reach of the template from the border of the searched area.
    pub const NEAR_BORDER: u32 = 4;
}

/// What a finder found and where it looked.
#[derive(Clone, Debug, PartialEq)]
pub struct Detections {
    /// Candidates by falling score.
    pub candidates: Vec<Candidate>,
    /// The pixels that were really searched.
    pub searched: Mask,
}

impl Detections {
    /// The candidates with the column names that the field knows, in the order of the candidates; their score stands in the
    /// column of its kind.
    ///
    /// Columns of an amplitude that no candidate has are left out, but for those of a catalogue of signal-to-noise ratios without
    /// a row; where some candidates lack it, theirs is NaN.
    ///
    /// # Errors
    /// None that depends on the candidates; [`arcmin_maps::Error`] as the catalogue declares it.
    pub fn to_catalogue(&self, kind: ScoreKind) -> Result<Catalogue, arcmin_maps::Error> {
        let frame = self.searched.geometry().frame();
        let positions: Vec<SkyPosition> = self.candidates.iter().map(|c| c.position).collect();
        let name = |c: &Candidate| iau_name("ARC", convert_frame(c.position, frame, Frame::Equatorial));
        let mut catalogue = Catalogue::new(&positions, frame)
            .with_text(columns::NAME, self.candidates.iter().map(name).collect())?
            .with_f64(kind.column(), self.candidates.iter().map(|c| c.score).collect())?;
        let is_bare = self.candidates.is_empty() && kind == ScoreKind::SignalToNoise;
        if is_bare || self.candidates.iter().any(|c| c.best.is_some()) {
            let template = |c: &Candidate| c.best.as_ref().map_or_else(String::new, |best| best.template.clone());
            catalogue = catalogue
                .with_f64(columns::Y_C, self.amplitudes(|c| &c.best, |y| y.value))?
                .with_f64(columns::ERR_Y_C, self.amplitudes(|c| &c.best, |y| y.error))?
                .with_text(columns::TEMPLATE, self.candidates.iter().map(template).collect())?;
        }
        if is_bare || self.candidates.iter().any(|c| c.fixed.is_some()) {
            catalogue = catalogue
                .with_f64(columns::FIXED_SNR, self.amplitudes(|c| &c.fixed, |y| y.value / y.error))?
                .with_f64(columns::FIXED_Y_C, self.amplitudes(|c| &c.fixed, |y| y.value))?
                .with_f64(columns::FIXED_ERR_Y_C, self.amplitudes(|c| &c.fixed, |y| y.error))?;
        }
        if self.candidates.iter().any(|c| c.mass.is_some()) {
            let mass = |of: fn(&MassMeasured) -> f64| self.optional(|c| c.mass.as_ref().map(of));
            catalogue = catalogue
                .with_f64(columns::FOUND_MVIR, mass(|mass| mass.mvir.msun()))?
                .with_f64(columns::FOUND_LN_MVIR_ERROR, mass(|mass| mass.ln_error))?;
        }
        if self.candidates.iter().any(|c| c.position_error.is_some()) {
            let error = self.optional(|c| c.position_error.map(|error| error.value()));
            catalogue = catalogue.with_f64(columns::POSITION_ERROR_ARCMIN, error)?;
        }
        catalogue
            .with_text(columns::TILE_NAME, self.candidates.iter().map(|c| c.tile_name.clone()).collect())?
            .with_i64(columns::FLAGS, self.candidates.iter().map(|c| i64::from(c.flags)).collect())
    }

    fn amplitudes(&self, which: fn(&Candidate) -> &Option<SizeMeasured>, of: fn(&Measured) -> f64) -> Vec<f64> {
        self.optional(|c| which(c).as_ref().map(|size| of(&size.y_c)))
    }

    /// A number of each candidate, NaN where it has none.
    fn optional(&self, of: impl Fn(&Candidate) -> Option<f64>) -> Vec<f64> {
        self.candidates.iter().map(|c| of(c).unwrap_or(f64::NAN)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_maps::{Geometry, Shape};
    use arcmin_units::Arcmin;

    fn detections(candidates: Vec<Candidate>) -> Detections {
        let centre = SkyPosition::from_deg(350.0, -55.0).expect("a position");
        let geometry = Geometry::tile(centre, Shape { ny: 4, nx: 4 }, Arcmin::new(1.0)).expect("a tile");
        Detections { candidates, searched: Mask::all_valid(geometry) }
    }

    #[test]
    fn catalogue_has_the_columns_of_the_field_even_when_empty() {
        let catalogue = detections(Vec::new()).to_catalogue(ScoreKind::SignalToNoise).expect("an empty catalogue");
        assert!(catalogue.is_empty());
        for name in ["name", "SNR", "y_c", "err_y_c", "fixed_SNR", "fixed_y_c", "template", "tileName", "flags"] {
            assert!(catalogue.column(name).is_some(), "{name}");
        }
    }

    #[test]
    fn catalogue_holds_what_the_candidates_say() {
        let y_c = Measured { value: 5e-5, error: 1e-5 };
        let size = SizeMeasured { template: "beta-0.50".into(), scale_arcmin: 0.5, y_c };
        let position = SkyPosition::from_deg(350.5, -55.25).expect("a position");
        let candidate =
            Candidate { best: Some(size), tile_name: "t".into(), flags: 2, ..Candidate::new(position, 6.5) };
        let catalogue =
            detections(vec![candidate.clone()]).to_catalogue(ScoreKind::SignalToNoise).expect("a catalogue");
        assert_eq!(catalogue.f64("y_c").expect("measured"), [5e-5]);
        assert_eq!(catalogue.text("name").expect("named"), ["ARC J2322.0-5515"]);
        assert!(catalogue.column("fixed_y_c").is_none() && catalogue.column("found_Mvir").is_none());
        let mass = Some(MassMeasured { mvir: Mvir::new(3e14), ln_error: 0.2 });
        let weighed = Candidate { mass, position_error: Some(Arcmin::new(0.3)), ..candidate.clone() };
        let catalogue = detections(vec![weighed, candidate]).to_catalogue(ScoreKind::Probability).expect("a catalogue");
        assert_eq!(catalogue.f64("found_Mvir").expect("weighed")[0], 3e14);
        assert_eq!(catalogue.f64("found_ln_Mvir_err").expect("weighed")[0], 0.2);
        assert!(catalogue.f64("found_ln_Mvir_err").expect("weighed")[1].is_nan());
        assert_eq!(catalogue.f64("position_err").expect("known")[0], 0.3);
    }

    #[test]
    fn a_score_stands_in_the_column_of_its_kind_alone() {
        let position = SkyPosition::from_deg(350.5, -55.25).expect("a position");
        let candidate = Candidate::new(position, 0.5);
        let kinds = [ScoreKind::SignalToNoise, ScoreKind::Probability, ScoreKind::Order];
        for kind in kinds {
            let catalogue = detections(vec![candidate.clone()]).to_catalogue(kind).expect("a catalogue");
            for other in kinds {
                assert_eq!(catalogue.column(other.column()).is_some(), other == kind);
            }
            assert_eq!(catalogue.f64(kind.column()).expect("a score"), [0.5]);
        }
        let empty = detections(Vec::new()).to_catalogue(ScoreKind::Probability).expect("an empty catalogue");
        assert!(empty.column("probability").is_some() && empty.column("y_c").is_none());
    }
}
