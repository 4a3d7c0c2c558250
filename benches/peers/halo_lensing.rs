//! Haloes and a map to be lensed, the same as in `lensing.py`.

use anyhow::Result;
use arcmin_maps::{PixelPosition, Shape};
use arcmin_scene::lensing::{PlacedLens, Taper};
use arcmin_sky::{Cosmology, Duffy08, NfwHalo, NfwLens};
use arcmin_units::{Arcmin, M200c, Redshift};
use std::f64::consts::TAU;

const PIXEL: Arcmin = Arcmin::new(0.25);
/// Haloes above 1e14 Msun on a tile of 8.5 deg and its rim, at most.
const N_HALOES: usize = 1800;
const MASSES_MSUN: [f64; 5] = [1e14, 2e14, 3e14, 5e14, 8e14];

/// Shape of a square map.
pub(crate) fn square(n: usize) -> Shape {
    Shape { ny: n, nx: n }
}

/// Haloes at z = 0.7 over the whole map, none of them on the centre of a pixel.
pub(crate) fn haloes(n: usize) -> Result<Vec<PlacedLens>> {
    let lens = |mass_msun: f64| -> Result<NfwLens> {
        let (mass, z) = (M200c::new(mass_msun), Redshift::new(0.7));
        Ok(NfwHalo::from_mass(mass, z, &Duffy08, &Cosmology::planck18())?.lens(Redshift::new(1100.0))?)
    };
    let lenses = MASSES_MSUN.into_iter().map(lens).collect::<Result<Vec<_>>>()?;
    let place = |k: usize, factor: usize| ((k * factor) % 100_003) as f64 / 100_003.0 * n as f64 + 0.25;
    let placed = |k: usize| {
        let centre = PixelPosition { x: place(k, 7919), y: place(k, 31_337) };
        PlacedLens::new(lenses[k % lenses.len()], centre, PIXEL.to_rad())
    };
    Ok((0..N_HALOES).map(placed).collect())
}

/// Where the deflections end.
pub(crate) fn taper() -> Result<Taper> {
    Ok(Taper::new(Arcmin::new(30.0).to_rad())?)
}

/// Waves that fit into the map.
pub(crate) fn map(n: usize) -> Vec<f32> {
    let wave = |phase: usize| (TAU * (phase % n) as f64 / n as f64).cos();
    let value = |x: usize, y: usize| 80.0 * wave(40 * x + 23 * y) + 30.0 * wave(90 * y + (n - 17) * x);
    (0..n * n).map(|i| value(i % n, i / n) as f32).collect()
}
