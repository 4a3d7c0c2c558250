//! A finder's answer.

use arcmin_maps::Mask;
use arcmin_units::SkyPosition;

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

/// One candidate cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Position in the frame of the observation's geometry.
    pub position: SkyPosition,
    /// Order of belief: larger is surer. It promises order, not scale; for a matched filter it is the S/N.
    pub score: f64,
    /// Amplitude at the best scale, where the method measures one.
    pub best: Option<SizeMeasured>,
    /// Amplitude at the method's fixed reference scale, where it measures one.
    pub fixed: Option<SizeMeasured>,
    /// Tile of the search in which it was found.
    pub tile_name: String,
    /// Bit flags, see the constants in [`flags`].
    pub flags: u32,
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
