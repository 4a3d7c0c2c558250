//! HEALPix pixels, weights and values between pixels, as `healpix.py` does them with healpy.

use anyhow::{Result, bail};
use arcmin_maps::healpix::HealpixPixels;
use arcmin_maps::{HealpixMap, Interpolation};
use arcmin_sphere::healpix::{Bilinear, Healpix, Nside, Ordering, PixelIndex};
use arcmin_units::{Frame, MicroKelvinCmb, Radian, SkyPosition};
use std::f64::consts::{FRAC_PI_2, TAU};

/// Seconds of the task that `best` measures, and the figure that the peer must share.
pub(crate) fn run(pass: &str, nside: u64, best: impl Fn(&mut dyn FnMut()) -> f64) -> Result<(f64, f64)> {
    let nside = Nside::new(nside)?;
    let ring = Healpix::ring(nside);
    Ok(match pass {
        "ring" => pixels(ring, best),
        "nested" => pixels(Healpix::nested(nside)?, best),
        "weights" => {
            let positions = positions(1_000_000);
            let mut around = Vec::new();
            let seconds = best(&mut || around = ring.bilinear_at_all(&positions));
            (seconds, around.iter().map(mean_pixel).sum::<f64>() / around.len() as f64)
        }
        "values" => {
            let positions = positions(1_000_000);
            let values = (0..nside.n_pixels()).map(|i| (i % 1009) as f32 / 1009.0).collect();
            let map = HealpixMap::<MicroKelvinCmb>::new(Frame::Galactic, HealpixPixels::full(ring, values)?);
            let mut sampled = Vec::new();
            let seconds = best(&mut || sampled = map.sample(&positions, Interpolation::Bilinear));
            (seconds, sampled.iter().flatten().map(|v| f64::from(*v)).sum::<f64>() / sampled.len() as f64)
        }
        _ => bail!("pass {pass} is none of ring, nested, weights, values"),
    })
}

fn pixels<O: Ordering>(grid: Healpix<O>, best: impl Fn(&mut dyn FnMut()) -> f64) -> (f64, f64) {
    let positions = positions(10_000_000);
    let mut pixels: Vec<PixelIndex<O>> = Vec::new();
    let seconds = best(&mut || pixels = grid.pixels_at_all(&positions));
    (seconds, pixels.iter().map(|pixel| pixel.number() as f64).sum::<f64>() / pixels.len() as f64)
}

fn mean_pixel<O: Ordering>(around: &Bilinear<O>) -> f64 {
    around.pixels.iter().zip(around.weights).map(|(pixel, weight)| pixel.number() as f64 * weight).sum()
}

/// The positions that the peer has, all over the sky.
fn positions(n: u64) -> Vec<SkyPosition> {
    let position = |i: u64| {
        let z = 1.0 - 2.0 * (((i * 7919 % 1_000_003) as f64 + 0.5) / 1_000_003.0);
        let lon = TAU * (((i * 104_729 % 1_000_033) as f64 + 0.5) / 1_000_033.0);
        SkyPosition::new(Radian::new(lon), Radian::new(FRAC_PI_2 - z.acos())).expect("a position on the sky")
    };
    (0..n).map(position).collect()
}
