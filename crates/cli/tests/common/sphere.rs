//! HEALPix files written by hand, and the command on them.

use super::{arcmin, noise};
use arcmin_fits::{Column, ColumnData, Table, write_table};
use arcmin_sphere::healpix::{Healpix, Nside};
use arcmin_units::SkyPosition;
use std::path::{Path, PathBuf};
use std::process::Output;

/// The bands, without a space that would part them.
pub(crate) const BANDS_GHZ: [u32; 3] = [90, 148, 219];

/// A HEALPix table as map makers write it: rows of 1024 pixels, implicit index; `more` cards go over the usual ones.
pub(crate) fn write_healpix(path: &Path, nside: u64, unit: &str, values: Vec<f32>, more: &[(&str, &str)]) {
    let repeat = values.len().min(1024);
    let column = Column::new("TEMPERATURE", ColumnData::F32(values)).with_repeat(repeat);
    let mut table = Table::new(vec![if unit.is_empty() { column } else { column.with_unit(unit) }]);
    table.header.set("NSIDE", nside as i64, "").expect("a card");
    for (key, value) in [("PIXTYPE", "HEALPIX"), ("ORDERING", "RING"), ("COORDSYS", "C"), ("INDXSCHM", "IMPLICIT")] {
        table.header.set(key, value, "").expect("a card");
    }
    for (key, value) in more {
        match *value {
            "" => table.header.remove(key),
            value => table.header.set(key, value, "").expect("a card"),
        }
    }
    write_table(path, &table).expect("a writable folder");
}

/// `arcmin COMMAND` on maps with more arguments.
pub(crate) fn run(command: &str, maps: &[PathBuf], out: &Path, more: &[&str]) -> Output {
    let mut arcmin = arcmin();
    arcmin.arg(command);
    for map in maps {
        arcmin.arg("--map").arg(map);
    }
    arcmin.arg("--out").arg(out).args(more).output().expect("the command starts")
}

/// Directions of clusters: on both poles, on the seam of longitude, and anywhere.
pub(crate) const CLUSTERS_DEG: [[f64; 2]; 12] = [
    [0.0, 90.0],
    [10.0, -90.0],
    [0.0, 0.0],
    [359.5, 40.0],
    [45.3, 37.7],
    [100.0, -60.0],
    [140.0, 13.5],
    [180.0, 72.0],
    [222.0, -13.0],
    [250.0, 13.2],
    [300.0, 60.0],
    [333.0, -75.0],
];
pub(crate) const FIND_NSIDE: u64 = 256;
const CORE_DEG: f64 = 0.5;

/// Three bands in Jy/sr with clusters of `y = 1e-3 / (1 + (theta / 0.5 deg)^2)` and white noise.
/// `draw` chooses the noise.
pub(crate) fn sky_with_clusters(folder: &Path, draw: usize) -> Vec<PathBuf> {
    let grid = Healpix::ring(Nside::new(FIND_NSIDE).expect("a resolution"));
    let n = grid.n_pixels() as usize;
    let mut y = vec![0.0; n];
    for [lon, lat] in CLUSTERS_DEG {
        let centre = SkyPosition::from_deg(lon, lat).expect("a position");
        for (i, y) in y.iter_mut().enumerate() {
            let position = grid.centre(grid.pixel(i as u64).expect("a pixel"));
            let x2 = (position.separation(centre).to_deg().value() / CORE_DEG).powi(2);
            *y += if x2 < 400.0 { 1e-3 / (1.0 + x2) } else { 0.0 };
        }
    }
    let mut paths = Vec::new();
    for (k, nu) in BANDS_GHZ.into_iter().enumerate() {
        // Response in uK per y and uK_CMB in Jy/sr (physics of the SZ effect at 2.7255 K).
        let (uk_per_y, jy_sr_per_uk) = [(-4.36e6, 202.7), (-2.60e6, 393.3), (0.1e6, 483.7)][k];
        let white = noise(3600, 60.0);
        let values = (0..n).map(|i| {
            ((y[i] * uk_per_y + f64::from(white[(i * (k + 1) + 9_973 * draw) % white.len()])) * jy_sr_per_uk) as f32
        });
        let path = folder.join(format!("{nu}-{draw}.fits"));
        write_healpix(&path, FIND_NSIDE, "Jy/sr", values.collect(), &[]);
        paths.push(path);
    }
    paths
}
