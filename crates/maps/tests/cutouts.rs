//! Cutouts and reprojection against slow twins, laws and golden values.

use arcmin_maps::cutouts::{
    CentrePixel, CutoutBand, CutoutGrid, CutoutLayout, CutoutProjection, CutoutUnit, Cutter, flags, write_cutouts,
};
use arcmin_maps::{
    Band, BandMap, Beam, Catalogue, Cutouts, Error, Geometry, Interpolation, Map, Mask, Observation, PixelPosition,
    Shape, convert_frame, reproject, reproject_map, reproject_mask,
};
use arcmin_units::{Arcmin, ComptonY, Frame, Ghz, SkyPosition};
use proptest::prelude::*;

fn sky(lon_deg: f64, lat_deg: f64) -> SkyPosition {
    SkyPosition::from_deg(lon_deg, lat_deg).unwrap()
}

/// The map of `golden/make_cutouts.py`: 36 rows, 40 columns of 2' around a galactic position.
fn golden_map() -> Map<ComptonY> {
    let shape = Shape { ny: 36, nx: 40 };
    let geometry = Geometry::tile(sky(266.5, -12.3), shape, Arcmin::new(2.0)).unwrap().in_frame(Frame::Galactic);
    let geometry = geometry.with_reference_pixel(PixelPosition { x: 19.5, y: 17.0 });
    let value = |i: usize| {
        let (x, y) = ((i % 40) as f64, (i / 40) as f64);
        ((0.3 * x).sin() + 0.1 * x * (0.2 * y).cos()) as f32
    };
    Map::new(geometry, (0..shape.n_pixels()).map(value).collect()).unwrap()
}

fn observation(map: Map<ComptonY>, mask: Mask) -> Observation {
    let geometry = map.geometry().clone();
    let negated = Map::new(geometry, map.pixels().iter().map(|p| -p).collect()).unwrap();
    let temperature = BandMap::Temperature { nu: Ghz::new(150.0), map: negated };
    let bands = [("y", BandMap::ComptonY(map)), ("150", temperature)];
    let band = |(name, map): (&str, BandMap)| Band { name: name.into(), beam: Beam::Delta, noise_arcmin: None, map };
    Observation::new(bands.map(band).into(), mask).unwrap()
}

/// The golden map with a hole and a NaN in it.
fn holed() -> Observation {
    let mut map = golden_map();
    let mut mask = Mask::all_valid(map.geometry().clone());
    for y in 10..13 {
        for x in 20..24 {
            mask.valid_mut()[y * 40 + x] = false;
            map.pixels_mut()[y * 40 + x] = f32::NAN;
        }
    }
    observation(map, mask)
}

/// Positions of pixels of the golden map, as an equatorial catalogue would have them.
fn catalogue(pixels: &[(f64, f64)]) -> Catalogue {
    let map = golden_map();
    let position = |&(x, y): &(f64, f64)| map.geometry().pix_to_sky(PixelPosition { x, y }).unwrap();
    Catalogue::new(&pixels.iter().map(position).collect::<Vec<_>>(), Frame::Galactic)
}

fn pixel_positions(shape: Shape) -> impl Iterator<Item = PixelPosition> {
    (0..shape.n_pixels()).map(move |i| PixelPosition { x: (i % shape.nx) as f64, y: (i / shape.nx) as f64 })
}

/// What the pixel at `p` of a geometry should be: the slow way, by sky positions.
fn twin(observation: &Observation, geometry: &Geometry, p: PixelPosition, how: Interpolation) -> Option<f64> {
    let BandMap::ComptonY(map) = &observation.bands()[0].map else { panic!("the first band is y") };
    let mask = observation.mask();
    let here = convert_frame(geometry.pix_to_sky(p)?, geometry.frame(), map.geometry().frame());
    let q = map.geometry().sky_to_pix(here)?;
    match how {
        Interpolation::Nearest => {
            let i = map.geometry().shape().index_at(q)?;
            mask.valid()[i].then(|| f64::from(map.pixels()[i]))
        }
        Interpolation::Bilinear => {
            let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(dx, dy)| PixelPosition {
                x: (q.x.floor() + dx).min(map.geometry().shape().nx as f64 - 1.0),
                y: (q.y.floor() + dy).min(map.geometry().shape().ny as f64 - 1.0),
            });
            let ok = |p: &PixelPosition| map.geometry().shape().index_at(*p).is_some_and(|i| mask.valid()[i]);
            corners.iter().all(ok).then(|| map.sample_at(q)).flatten()
        }
    }
}

fn grids() -> impl Strategy<Value = CutoutGrid> {
    let projection = prop::sample::select(vec![CutoutProjection::Tan, CutoutProjection::Zea]);
    let centre = prop::sample::select(vec![CentrePixel::Middle, CentrePixel::HalfSide]);
    let frame = prop::sample::select(vec![Frame::Equatorial, Frame::Galactic]);
    (projection, 1_usize..12, 0.3..6.0, centre, frame).prop_map(|(projection, side, pixel_arcmin, centre, frame)| {
        CutoutGrid::new(projection, side, Arcmin::new(pixel_arcmin)).unwrap().centred(centre).in_frame(frame)
    })
}

proptest! {
    #[test]
    fn sampled_cutouts_are_what_the_map_holds_in_each_direction(
        grid in grids(),
        at in prop::collection::vec((-3.0..43.0, -3.0..39.0), 1..4),
        how in prop::sample::select(vec![Interpolation::Nearest, Interpolation::Bilinear]),
    ) {
        let observation = holed();
        let mut at = at;
        at.push((5.0, 5.0));
        let cutouts = Cutter::new(&observation, grid, how).cut(&catalogue(&at)).unwrap();
        for idx in 0..cutouts.len() {
            let geometry = cutouts.geometry(idx);
            for (i, p) in pixel_positions(cutouts.shape()).enumerate() {
                let expected = twin(&observation, &geometry, p, how);
                prop_assert_eq!(cutouts.valid(idx)[i], expected.is_some(), "{:?} {:?}", p, expected);
                let n = cutouts.shape().n_pixels();
                let got = f64::from(cutouts.cutout(idx)[i]);
                prop_assert!((got - expected.unwrap_or(0.0)).abs() < 1e-5, "{got} {expected:?}");
                prop_assert_eq!(cutouts.cutout(idx)[n + i], -cutouts.cutout(idx)[i]);
            }
        }
    }

    #[test]
    fn aligned_cutouts_are_windows_of_the_map(x in -3.0..42.0, y in -3.0..38.0, side in 1_usize..12) {
        let observation = holed();
        let cutter = Cutter::aligned(&observation, side, CentrePixel::Middle).unwrap();
        let cutouts = cutter.cut(&catalogue(&[(5.0, 5.0), (x, y)])).unwrap();
        let CutoutLayout::Aligned { first_pixels, .. } = cutouts.layout() else { panic!("copied cutouts are aligned") };
        let [x0, y0] = first_pixels[1];
        let middle = (side as f64 - 1.0) / 2.0;
        prop_assert!((x0 as f64 + middle - x).abs() <= 0.5 + 1e-9 && (y0 as f64 + middle - y).abs() <= 0.5 + 1e-9);
        let window = observation.window(x0, y0, cutouts.shape());
        prop_assert_eq!(cutouts.valid(1), window.mask().valid());
        prop_assert_eq!(&cutouts.geometry(1), window.geometry());
        for (band, pixels) in window.bands().iter().zip(cutouts.cutout(1).chunks(side * side)) {
            for ((expected, valid), got) in band.map.pixels().iter().zip(window.mask().valid()).zip(pixels) {
                prop_assert_eq!(*got, if *valid { *expected } else { 0.0 });
            }
        }
    }

    #[test]
    fn reprojection_is_what_the_map_holds_in_each_direction(
        code in prop::sample::select(vec!["tan", "car", "sfl", "zea"]),
        pixel_arcmin in 1.0..300.0,
        how in prop::sample::select(vec![Interpolation::Nearest, Interpolation::Bilinear]),
    ) {
        let observation = holed();
        let centre = convert_frame(sky(266.5, -12.3), Frame::Galactic, Frame::Equatorial);
        let (shape, pixel) = (Shape { ny: 9, nx: 14 }, Arcmin::new(pixel_arcmin));
        let build = match code {
            "tan" => Geometry::tile,
            "car" => Geometry::car,
            "sfl" => Geometry::sfl,
            _ => Geometry::zea,
        };
        let target = build(centre, shape, pixel).unwrap();
        let got = reproject(&observation, &target, how).unwrap();
        let BandMap::ComptonY(map) = &got.bands()[0].map else { panic!("y stays y") };
        for (i, p) in pixel_positions(shape).enumerate() {
            let expected = twin(&observation, &target, p, how);
            prop_assert_eq!(got.mask().valid()[i], expected.is_some());
            prop_assert!((f64::from(map.pixels()[i]) - expected.unwrap_or(0.0)).abs() < 1e-5);
        }
        if how == Interpolation::Nearest {
            prop_assert_eq!(&reproject_mask(observation.mask(), &target), got.mask());
        }
    }
}

#[test]
fn reprojection_to_the_same_grid_changes_nothing() {
    let observation = holed();
    let same = reproject(&observation, observation.geometry(), Interpolation::Nearest).unwrap();
    assert_eq!(same.mask(), observation.mask());
    let BandMap::ComptonY(map) = &observation.bands()[0].map else { panic!("the first band is y") };
    let (bilinear, mask) = reproject_map(map, observation.mask(), map.geometry(), Interpolation::Bilinear).unwrap();
    for i in (0..map.pixels().len()).filter(|i| mask.valid()[*i]) {
        assert!((bilinear.pixels()[i] - map.pixels()[i]).abs() < 1e-5);
        assert_eq!(same.bands()[0].map.pixels()[i], map.pixels()[i]);
    }
    // Rounding may put a pixel's centre a hair beyond the edge or next to the hole, where a neighbour then lacks.
    assert!(mask.n_valid() + 2 * (36 + 40) + 14 >= observation.mask().n_valid());
}

#[test]
fn a_full_turn_has_no_seam() {
    let geometry = Geometry::car(sky(100.0, 0.0), Shape { ny: 60, nx: 360 }, Arcmin::new(60.0)).unwrap();
    let value = |i: usize| (i / 360) as f32;
    let map: Map<ComptonY> = Map::new(geometry, (0..360 * 60).map(value).collect()).unwrap();
    let mask = Mask::all_valid(map.geometry().clone());
    let target = Geometry::tile(sky(280.0, 3.0), Shape { ny: 8, nx: 8 }, Arcmin::new(20.0)).unwrap();
    let (tile, inside) = reproject_map(&map, &mask, &target, Interpolation::Bilinear).unwrap();
    assert_eq!(inside.n_valid(), 64, "the seam at 280 deg is crossed");
    for (i, p) in pixel_positions(target.shape()).enumerate() {
        let lat_deg = target.pix_to_sky(p).unwrap().lat_deg();
        assert!((f64::from(tile.pixels()[i]) - (lat_deg + 29.5)).abs() < 1e-5);
    }
}

#[test]
fn cutouts_that_leave_the_footprint_are_masked_and_flagged() {
    let observation = holed();
    let grid = CutoutGrid::new(CutoutProjection::Tan, 4, Arcmin::new(2.0)).unwrap();
    let at = [(5.0, 25.0), (39.0, 25.0), (21.5, 11.0), (60.0, 25.0), (22.0, 11.0)];
    let cutouts = Cutter::new(&observation, grid, Interpolation::Nearest).cut(&catalogue(&at)).unwrap();
    assert_eq!(cutouts.flags()[0], 0);
    assert_eq!(cutouts.flags()[1], flags::PARTLY_MISSING, "the centre is on the last column");
    assert_eq!(cutouts.flags()[2], flags::CENTRE_MISSING | flags::PARTLY_MISSING);
    assert_eq!(cutouts.flags()[3], flags::CENTRE_MISSING | flags::ALL_MISSING);
    let counts = cutouts.counts();
    assert_eq!((counts.total, counts.centre_missing, counts.partly_missing, counts.all_missing), (5, 3, 3, 1));
    assert!(cutouts.pixels().iter().all(|p| p.is_finite()), "what the map holds under its mask stays there");
}

#[test]
fn chunks_of_any_size_and_any_number_of_threads_give_the_same_bits() {
    let observation = holed();
    let at: Vec<(f64, f64)> = (0..41).map(|i| (f64::from(i) * 0.97, f64::from(i * 7 % 36))).collect();
    let catalogue = catalogue(&at).with_i64("row", (0..41).collect()).unwrap();
    let grid = CutoutGrid::new(CutoutProjection::Zea, 7, Arcmin::new(1.3)).unwrap();
    let cutters = [
        Cutter::new(&observation, grid, Interpolation::Bilinear),
        Cutter::new(&observation, grid, Interpolation::Nearest),
        Cutter::aligned(&observation, 7, CentrePixel::HalfSide).unwrap(),
    ];
    for cutter in &cutters {
        let whole = cutter.cut(&catalogue).unwrap();
        for n_threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            for n in [1, 8, 41, 1000] {
                let chunks: Vec<Cutouts> = pool.install(|| cutter.chunks(&catalogue, n).unwrap().collect());
                let bits = |c: &Cutouts| c.pixels().iter().map(|p| p.to_bits()).collect::<Vec<_>>();
                assert_eq!(chunks.iter().flat_map(bits).collect::<Vec<_>>(), bits(&whole), "{n_threads} {n}");
                let rows: Vec<i64> = chunks.iter().flat_map(|c| c.catalogue().i64("row").unwrap().to_vec()).collect();
                assert_eq!(rows, (0..41).collect::<Vec<_>>());
                assert_eq!(chunks.iter().flat_map(|c| c.flags().to_vec()).collect::<Vec<_>>(), whole.flags());
            }
        }
    }
}

#[test]
fn what_cannot_be_cut_is_one_line() {
    let observation = holed();
    let grid = CutoutGrid::new(CutoutProjection::Tan, 4, Arcmin::new(2.0)).unwrap();
    let cutter = Cutter::new(&observation, grid, Interpolation::Nearest);
    let message = |error: Error| error.to_string();
    assert_eq!(
        message(cutter.cut(&Catalogue::new(&[], Frame::Equatorial)).unwrap_err()),
        "the catalogue has no rows: there is nothing to cut out"
    );
    let elsewhere = Catalogue::new(&[sky(0.0, 80.0), sky(10.0, 80.0)], Frame::Equatorial);
    assert_eq!(
        message(cutter.chunks(&elsewhere, 10).err().unwrap()),
        "none of the 2 positions of the catalogue lies inside the map: check its columns and the map's frame"
    );
    assert_eq!(
        message(CutoutGrid::new(CutoutProjection::Zea, 0, Arcmin::new(1.0)).unwrap_err()),
        "geometry of 0 x 0 pixels (y x) with pixels of 1 arcmin is not usable: it has no pixels"
    );
    assert!(message(CutoutGrid::new(CutoutProjection::Tan, 10, Arcmin::new(f64::NAN)).unwrap_err()).contains("area"));
    assert!(message(CutoutGrid::new(CutoutProjection::Tan, 121, Arcmin::new(60.0)).unwrap_err()).contains("120 deg"));
    assert!(Cutter::aligned(&observation, 0, CentrePixel::Middle).is_err());
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let grid = CutoutGrid::new(CutoutProjection::Tan, 2, Arcmin::new(2.0)).unwrap();
    let band = CutoutBand { name: "y".into(), unit: CutoutUnit::ComptonY, nu: None };
    let build = |bands: Vec<CutoutBand>, n_pixels: usize| {
        let catalogue = Catalogue::new(&[sky(0.0, 80.0)], Frame::Equatorial);
        Cutouts::new(CutoutLayout::Projected(grid), bands, catalogue, (vec![1.0; n_pixels], vec![true; 4], vec![false]))
    };
    assert!(build(vec![band.clone()], 4).is_ok());
    assert_eq!(build(vec![band.clone()], 5).unwrap_err().to_string(), "1 cutouts need 4 pixels, not 5");
    assert!(matches!(build(vec![], 0), Err(Error::NoBands)));
    assert!(matches!(build(vec![band.clone(), band], 8), Err(Error::DuplicateBand { .. })));
}

/// One row of a golden cutout: grid, interpolation, centre, row and values.
struct GoldenRow {
    grid: CutoutGrid,
    how: Interpolation,
    centre: SkyPosition,
    y: usize,
    values: Vec<Option<f64>>,
}

fn golden(text: &'static str) -> impl Iterator<Item = GoldenRow> {
    const SIDE: usize = 10;
    text.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<f64>().unwrap();
        let projection = if fields[0] == "ZEA" { CutoutProjection::Zea } else { CutoutProjection::Tan };
        let centre_pixel = if number(5) == 5.0 { CentrePixel::HalfSide } else { CentrePixel::Middle };
        GoldenRow {
            grid: CutoutGrid::new(projection, SIDE, Arcmin::new(number(4))).unwrap().centred(centre_pixel),
            how: if fields[1] == "nearest" { Interpolation::Nearest } else { Interpolation::Bilinear },
            centre: sky(number(2), number(3)),
            y: number(6) as usize,
            values: fields[7..].iter().map(|field| field.parse().ok()).collect(),
        }
    })
}

#[test]
fn cutouts_of_a_flat_map_agree_with_astropy_reproject() {
    let mask = Mask::all_valid(golden_map().geometry().clone());
    let observation = observation(golden_map(), mask);
    let mut n = 0;
    for row in golden(include_str!("golden/flat_cutouts.csv")) {
        let catalogue = Catalogue::new(&[row.centre], Frame::Equatorial);
        let cutouts = Cutter::new(&observation, row.grid, row.how).cut(&catalogue).unwrap();
        for (x, expected) in row.values.iter().enumerate() {
            let i = row.y * 10 + x;
            assert_eq!(cutouts.valid(0)[i], expected.is_some(), "{:?} {:?} {x} {}", row.grid, row.how, row.y);
            // The frames of astropy and ours are 0.04 arcsec apart: 3e-4 pixels, over which the map changes by 1e-4.
            let off = f64::from(cutouts.cutout(0)[i]) - expected.unwrap_or(0.0);
            assert!(off.abs() < 3e-4, "{:?} {:?} {x} {}: off by {off}", row.grid, row.how, row.y);
            n += usize::from(expected.is_some());
        }
    }
    assert!(n > 1000, "{n} values compared");
}

#[test]
fn units_of_bands_are_those_of_the_maps() {
    let observation = holed();
    let cutter = Cutter::aligned(&observation, 3, CentrePixel::Middle).unwrap();
    let units: Vec<_> = cutter.bands().iter().map(|band| (band.unit, band.nu)).collect();
    assert_eq!(units, [(CutoutUnit::ComptonY, None), (CutoutUnit::MicroKelvinCmb, Some(Ghz::new(150.0)))]);
}

#[test]
fn a_file_of_cutouts_gives_back_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let observation = holed();
    let at = [(5.0, 25.0), (39.0, 25.0), (21.5, 11.0), (60.0, 25.0), (22.0, 11.0)];
    let catalogue = catalogue(&at).with_f64("redshift", vec![0.1, 0.2, f64::NAN, 0.4, 0.5]).unwrap();
    let grid = CutoutGrid::new(CutoutProjection::Zea, 6, Arcmin::new(1.7)).unwrap().centred(CentrePixel::HalfSide);
    let cutters = [
        Cutter::new(&observation, grid.in_frame(Frame::Galactic), Interpolation::Bilinear),
        Cutter::aligned(&observation, 5, CentrePixel::Middle).unwrap(),
    ];
    for (number, cutter) in cutters.iter().enumerate() {
        let cutouts = cutter.cut(&catalogue).unwrap();
        let (whole, parts) = (folder.path().join("whole.fits"), folder.path().join("parts.fits"));
        cutouts.write(&whole).unwrap();
        let chunks = cutter.chunks(&catalogue, 2).unwrap().map(Ok::<_, Error>);
        assert_eq!(write_cutouts(&parts, 5, chunks).unwrap(), cutouts.counts());
        assert_eq!(std::fs::read(&whole).unwrap(), std::fs::read(&parts).unwrap(), "{number}");
        let back = Cutouts::read(&parts).unwrap();
        assert_eq!((back.pixels(), back.flags(), back.bands()), (cutouts.pixels(), cutouts.flags(), cutouts.bands()));
        assert_eq!(back.n_missing(), cutouts.n_missing());
        for idx in 0..5 {
            assert_eq!(back.valid(idx), cutouts.valid(idx));
            assert!(back.geometry(idx).same_grid(&cutouts.geometry(idx)), "{}", back.geometry(idx));
            assert!(back.positions()[idx].separation(cutouts.positions()[idx]).value() < 1e-11);
        }
        assert_eq!(back.catalogue().f64("redshift").unwrap()[4], 0.5);
        assert_eq!(back.catalogue().columns().len(), 1, "the file's own columns are not the user's");
    }
}

#[test]
fn a_failure_while_cutouts_are_written_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cutouts.fits");
    let observation = holed();
    let cutter = Cutter::aligned(&observation, 3, CentrePixel::Middle).unwrap();
    let other = Cutter::aligned(&observation, 4, CentrePixel::Middle).unwrap();
    let catalogue = catalogue(&[(5.0, 5.0), (8.0, 8.0)]);
    let (first, second) = (cutter.cut(&catalogue).unwrap(), other.cut(&catalogue).unwrap());
    let failing = [Ok(first.clone()), Err(Error::NoBands)];
    assert!(matches!(write_cutouts(&path, 4, failing.into_iter()), Err(Error::NoBands)));
    assert!(matches!(write_cutouts(&path, 4, [Ok(first.clone()), Ok(second)].into_iter()), Err(Error::CutoutChunk)));
    assert!(matches!(write_cutouts(&path, 3, std::iter::once(Ok(first))), Err(Error::Fits(_))));
    assert!(matches!(write_cutouts(&path, 0, std::iter::empty()), Err(Error::NothingToCut { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let image = folder.path().join("map.fits");
    arcmin_maps::file::write_map(&image, &golden_map()).unwrap();
    assert!(Cutouts::read(&image).is_err());
}

#[test]
fn harmonic_functions_are_filled_in_exactly() {
    let shape = Shape { ny: 40, nx: 40 };
    let geometry = Geometry::tile(sky(10.0, 20.0), shape, Arcmin::new(1.0)).unwrap();
    for (what, value) in [
        ("plane", (|x, y| 3.0 + x - 2.0 * y) as fn(f32, f32) -> f32),
        ("saddle", |x, y| (x - 20.0).powi(2) - (y - 20.0).powi(2)),
        ("product", |x, y| (x - 12.0) * (y - 25.0)),
    ] {
        let pixels: Vec<f32> = (0..1600).map(|i| value((i % 40) as f32, (i / 40) as f32)).collect();
        let map: Map<ComptonY> = Map::new(geometry.clone(), pixels).unwrap();
        let source = arcmin_maps::Disc { centre: sky(10.0, 20.0), radius: Arcmin::new(4.0) };
        let mask = Mask::all_valid(geometry.clone()).without_discs(&[source]);
        let holed = observation(map.clone(), mask);
        let cutter = Cutter::aligned(&holed, 20, CentrePixel::Middle).unwrap();
        let catalogue = Catalogue::new(&[sky(10.0, 20.0)], Frame::Equatorial);
        let cutouts = cutter.cut(&catalogue).unwrap();
        let CutoutLayout::Aligned { first_pixels, .. } = cutouts.layout() else { panic!("aligned") };
        let [x0, y0] = first_pixels[0];
        let (window, _) = map.window(x0, y0, cutouts.shape());
        let filled = cutouts.clone().infilled();
        assert!(cutouts.n_missing()[0] > 40 && filled.n_missing() == cutouts.n_missing());
        assert!(filled.valid(0).iter().all(|v| *v));
        assert_eq!(filled.flags()[0], cutouts.flags()[0] | flags::FILLED);
        for (got, expected) in filled.cutout(0).iter().zip(window.pixels()) {
            assert!((got - expected).abs() < 2e-2, "{what}: {got} is not {expected}");
        }
    }
}

#[test]
fn a_cutout_that_is_all_there_or_not_at_all_is_not_filled() {
    let observation = holed();
    let cutter = Cutter::aligned(&observation, 3, CentrePixel::Middle).unwrap();
    let cutouts = cutter.cut(&catalogue(&[(5.0, 5.0), (80.0, 5.0)])).unwrap();
    assert_eq!(cutouts.clone().infilled(), cutouts);
}
