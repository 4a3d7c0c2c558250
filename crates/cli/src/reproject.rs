//! `arcmin reproject`: maps brought to another geometry.

use crate::cutouts::interpolation;
use crate::input::{self, MapArgs, Purpose, Sky};
use crate::record::{self, Inputs};
use crate::terminal::say;
use anyhow::{Result, bail, ensure};
use arcmin_eval::create_dir;
use arcmin_job::Clock;
use arcmin_maps::file::{read_geometry, write_band, write_mask};
use arcmin_maps::{Band, Geometry, Observation, Shape, reproject, reproject_healpix};
use arcmin_units::{Arcmin, SkyPosition};
use std::path::PathBuf;

/// Bring flat or HEALPix maps to another geometry: that of a FITS image, or a new one.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: MapArgs,
    /// Folder to write to: one FITS image a band, NaN where it has no sky, mask.fits and record.json
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// FITS image whose geometry to take
    #[arg(long, value_name = "FILE", conflicts_with_all = ["centre_deg", "size_deg", "pixel_arcmin"])]
    like: Option<PathBuf>,
    /// Centre of a new geometry: longitude and latitude in degrees, in the frame of --north
    #[arg(long = "centre-deg", num_args = 2, value_names = ["LON", "LAT"], allow_negative_numbers = true)]
    centre_deg: Option<Vec<f64>>,
    /// Width and height of a new geometry
    #[arg(long = "size-deg", num_args = 1..=2, value_name = "DEG")]
    size_deg: Option<Vec<f64>>,
    /// Side of a pixel of a new geometry
    #[arg(long = "pixel-arcmin", value_name = "ARCMIN")]
    pixel_arcmin: Option<f64>,
    /// Projection of a new geometry: tan, zea, car or sfl
    #[arg(long, default_value = "tan")]
    projection: String,
    /// Frame of a new geometry: equatorial or galactic
    #[arg(long, default_value = "equatorial")]
    north: String,
    /// How a pixel gets its value: nearest or bilinear
    #[arg(long, default_value = "bilinear")]
    interpolation: String,
}

/// Reads, resamples and writes.
pub(crate) fn run(args: &Args) -> Result<()> {
    let how = interpolation(&args.interpolation)?;
    let mut inputs = Inputs::default();
    let mut clock = Clock::default();
    let target = target(args, &mut inputs)?;
    let sky = clock.time("read", || input::read(&args.input, Purpose::Copy, &mut inputs))?;
    let maps = clock.time("resample", || match &sky {
        Sky::Flat(maps) => reproject(maps, &target, how),
        Sky::Healpix(maps) => reproject_healpix(maps, &target, how),
    })?;
    ensure!(
        maps.mask().n_valid() > 0,
        "{} and the target ({target}) have no sky in common: check --centre-deg, --north and the frame of the maps",
        input::names(&args.input.maps)
    );
    create_dir(&args.out)?;
    let names = clock.time("write", || write(args, &maps))?;
    record::reprojected(&args.out, inputs, clock.into_seconds())?;
    let share = maps.mask().n_valid() as f64 / target.shape().n_pixels() as f64;
    say(&format!("{target}: {:.1} % of the pixels have sky", 100.0 * share));
    names.iter().for_each(|name| say(&args.out.join(name).display().to_string()));
    Ok(())
}

fn target(args: &Args, inputs: &mut Inputs) -> Result<Geometry> {
    if let Some(path) = &args.like {
        inputs.note(path)?;
        return Ok(read_geometry(path)?);
    }
    let (Some(centre), Some(size), Some(pixel_arcmin)) = (&args.centre_deg, &args.size_deg, args.pixel_arcmin) else {
        bail!("no target: give --like FILE, or --centre-deg, --size-deg and --pixel-arcmin");
    };
    let Some(centre) = SkyPosition::from_deg(centre[0], centre[1]) else {
        bail!("--centre-deg {} {} is not a position on the sky", centre[0], centre[1]);
    };
    ensure!(pixel_arcmin.is_finite() && pixel_arcmin > 0.0, "--pixel-arcmin {pixel_arcmin} is not a number above zero");
    let pixels = |deg: f64| (deg * 60.0 / pixel_arcmin - 1e-9).ceil() as usize;
    let shape = Shape { nx: pixels(size[0]), ny: pixels(*size.last().expect("one at least")) };
    const PIXELS_MAX: usize = 1 << 32;
    ensure!(
        shape.nx.saturating_mul(shape.ny) <= PIXELS_MAX,
        "{shape} are more than memory holds: lower --size-deg or raise --pixel-arcmin"
    );
    let build = match args.projection.as_str() {
        "tan" => Geometry::tile,
        "zea" => Geometry::zea,
        "car" => Geometry::car,
        "sfl" => Geometry::sfl,
        other => bail!("--projection {other} is not known: use tan, zea, car or sfl"),
    };
    Ok(build(centre, shape, Arcmin::new(pixel_arcmin))?.in_frame(input::frame(&args.north, "--north")?))
}

/// Writes a file a band and the mask; masked pixels are NaN in the maps.
fn write(args: &Args, maps: &Observation) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for band in maps.bands() {
        let name = format!("{}.fits", band.name.replace(std::path::MAIN_SEPARATOR, "-"));
        write_band(&args.out.join(&name), &with_gaps(band, maps)?)?;
        names.push(name);
    }
    write_mask(&args.out.join("mask.fits"), maps.mask())?;
    names.extend(["mask.fits".to_owned(), "record.json".to_owned()]);
    Ok(names)
}

fn with_gaps(band: &Band, maps: &Observation) -> Result<Band> {
    Ok(Band { map: band.map.with_nan_where_masked(maps.mask())?, ..band.clone() })
}
