//! Extragalactic point sources: how many there are of each flux, and how their flux goes with frequency.
//!
//! What goes in: a published model of counts at one frequency and a law for the spectra. What comes out: counts,
//! their inverse for drawing, mean temperature and the flat `C_l` of all sources below a cut, at any frequency.
//!
//! Conventions: fluxes in mJy, counts per steradian, temperatures in uK_CMB. Sources have no angular size and are
//! unclustered here: `C_l = int S^2 dN/dS dS`, flat in l, is their shot noise.

mod dezotti05;
mod geach17;
mod population;
mod sampler;
mod spectrum;
mod tabulated;

pub use dezotti05::dezotti05_150ghz;
pub use geach17::geach17_219ghz;
pub use population::{FluxCut, SourcePopulation};
pub use sampler::FluxSampler;
pub use spectrum::{FluxRatio, SourceSpectrum};
pub use tabulated::SourceCounts;
