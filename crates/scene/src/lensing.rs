//! Gravitational lensing of the microwave background by haloes.
//!
//! The lensed map is `T(theta) = T_u(theta - alpha(theta))`: light seen in one direction left the last scattering surface
//! in another, nearer to the halo's centre. [`Deflection`] is `alpha` on the pixels of a map, from NFW haloes in closed
//! form (never from a Fourier transform of the convergence, whose periodic images bias it by several per cent beyond
//! 5'), and [`lens`] moves a map by it. One halo in a small map is untruncated, [`Deflection::of_halo`]; the many haloes
//! of a tile are tapered, [`Deflection::of_haloes`].
//!
//! ```
//! use arcmin_maps::{PixelPosition, Shape};
//! use arcmin_scene::lensing::{Deflection, PlacedLens, lens};
//! use arcmin_sky::{Cosmology, Duffy08, NfwHalo};
//! use arcmin_units::{Arcmin, M200c, Redshift};
//! let halo = NfwHalo::from_mass(M200c::new(3e14), Redshift::new(0.7), &Duffy08, &Cosmology::planck18())?;
//! let centre = PixelPosition { x: 32.0, y: 32.0 };
//! let placed = PlacedLens::new(halo.lens(Redshift::new(1100.0))?, centre, Arcmin::new(0.25).to_rad());
//! let deflection = Deflection::of_halo(Shape { ny: 64, nx: 64 }, &placed);
//! // A gradient of 10 uK an arcminute becomes a dipole: less than itself by alpha, which is at most 0.217'.
//! let gradient: Vec<f32> = (0..64 * 64).map(|i| 10.0 * 0.25 * (i % 64) as f32).collect();
//! let lensed = lens(&gradient, &deflection);
//! let dipole_uk = gradient[32 * 64 + 36] - lensed[32 * 64 + 36];
//! assert!((dipole_uk - 2.17).abs() < 0.01);
//! # Ok::<(), arcmin_sky::Error>(())
//! ```

mod config;
mod deflection;
mod interpolate;
mod lensed_cmb;
mod painter;
mod placed;

pub use config::HaloLensingConfig;
pub use deflection::{Deflection, Taper};
pub use interpolate::lens;
pub(crate) use lensed_cmb::LensedCmb;
pub use placed::PlacedLens;
