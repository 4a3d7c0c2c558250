//! HEALPix files: those of other programs, our own, and what is wrong with some.

use arcmin_fits::{Column, Header, Table, write_table};
use arcmin_maps::file::{FileUnit, HduChoice};
use arcmin_maps::healpix::{
    ColumnChoice, HealpixFile, HealpixOrdering, HealpixPixels, HealpixReadOptions, HealpixUnitMap, OrderedPixels,
    read_healpix, read_healpix_column, write_healpix,
};
use arcmin_maps::{Beam, Error, HealpixMap, Interpolation};
use arcmin_sphere::healpix::{Healpix, Nside, PixelIndex, PixelSet, Ring};
use arcmin_units::{Arcmin, Frame, Ghz, MicroKelvinCmb, SkyPosition};
use std::path::{Path, PathBuf};

const UNSEEN: f32 = -1.6375e30;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn temperature(file: HealpixFile) -> HealpixMap<MicroKelvinCmb> {
    match file.map {
        HealpixUnitMap::Temperature(map) => map,
        HealpixUnitMap::ComptonY(_) => panic!("a map of temperature was written"),
    }
}

fn grid(nside: u64) -> Healpix<Ring> {
    Healpix::ring(Nside::new(nside).unwrap())
}

/// Values of all pixels of a map in ring order, NaN where missing.
fn ring_values(pixels: &OrderedPixels) -> Vec<f32> {
    let OrderedPixels::Ring(pixels) = pixels else { panic!("the file is in ring order") };
    (0..pixels.grid().n_pixels()).map(|i| pixels.get(PixelIndex::new(i)).unwrap_or(f32::NAN)).collect()
}

/// A full-sky table of one value a row in ring order, as the tests change it.
fn table(values: Vec<f32>, nside: i64) -> Table {
    let mut table = Table::new(vec![Column::new("SIGNAL", values).with_unit("uK")]);
    for (key, text) in [("PIXTYPE", "HEALPIX"), ("ORDERING", "RING"), ("COORDSYS", "C")] {
        table.header.set(key, text, "").unwrap();
    }
    table.header.set("NSIDE", nside, "").unwrap();
    table
}

/// What reading a table says, once it was written.
fn read_written(table: &Table, options: &HealpixReadOptions) -> Result<HealpixFile, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.fits");
    write_table(&path, table).unwrap();
    read_healpix(&path, options)
}

fn refusal(table: &Table) -> String {
    read_written(table, &HealpixReadOptions::default()).unwrap_err().to_string()
}

#[test]
fn files_of_healpy_are_read_and_sampled_as_by_healpy() {
    let csv = include_str!("golden/healpix_values.csv");
    for (name, frame, ordering, n_valid) in [
        ("healpix_vector", Frame::Equatorial, HealpixOrdering::Nested, 3072),
        ("healpix_partial", Frame::Galactic, HealpixOrdering::Ring, 213),
    ] {
        let file = read_healpix(&golden(&format!("{name}.fits")), &HealpixReadOptions::default()).unwrap();
        let map = temperature(file);
        assert_eq!((map.frame(), map.ordering(), map.n_valid()), (frame, ordering, n_valid), "{name}");
        let rows = csv.lines().filter_map(|line| line.strip_prefix(name)).map(|line| {
            let numbers = line.split(',').skip(1).map(|cell| cell.parse::<f64>().unwrap()).collect::<Vec<_>>();
            (SkyPosition::from_deg(numbers[0], numbers[1]).unwrap(), [numbers[2], numbers[3]])
        });
        let (positions, expected): (Vec<_>, Vec<_>) = rows.unzip();
        assert_eq!(positions.len(), 60);
        for (k, how) in [Interpolation::Nearest, Interpolation::Bilinear].into_iter().enumerate() {
            let mut n_missing = 0;
            for (got, expected) in map.sample(&positions, how).into_iter().zip(&expected) {
                match got {
                    None => {
                        assert!(expected[k].is_nan(), "{name}: {got:?}, healpy {expected:?}");
                        n_missing += 1;
                    }
                    // Pixels are single precision.
                    Some(got) => {
                        assert!((f64::from(got) / expected[k] - 1.0).abs() < 1e-6, "{name}: {got} {expected:?}")
                    }
                }
            }
            assert_eq!(n_missing > 0, name == "healpix_partial");
        }
    }
}

/// Many positions are taken in batches, with a table of the rings.
#[test]
fn many_samples_are_the_bits_of_each() {
    let nside = Nside::new(16).unwrap();
    let ring = Healpix::ring(nside);
    let value = |i: u64| if i % 37 == 5 { f32::NAN } else { (i * 7919 % 1009) as f32 };
    let full = HealpixPixels::full(ring, (0..ring.n_pixels()).map(value).collect()).unwrap();
    let covered = PixelSet::from_ranges(ring, [100..900, 1500..3000]);
    let part = HealpixPixels::partial(covered, (0..2300).map(value).collect()).unwrap();
    let full = HealpixMap::<MicroKelvinCmb>::new(Frame::Equatorial, full);
    let maps = [full.clone().into_nested().unwrap(), full, HealpixMap::new(Frame::Equatorial, part)];
    let positions: Vec<SkyPosition> = (0..5000_u64)
        .map(|i| {
            let lat = (1.0 - 2.0 * (i as f64 + 0.5) / 5000.0).asin().to_degrees();
            SkyPosition::from_deg((i * 7919 % 5000) as f64 * 0.072, lat).unwrap()
        })
        .collect();
    for map in maps {
        let each: Vec<Option<f32>> = positions.iter().map(|position| map.bilinear(*position)).collect();
        assert_eq!(map.sample(&positions, Interpolation::Bilinear), each);
        assert!(each.contains(&None) && each.iter().flatten().count() > 1000);
        let each: Vec<Option<f32>> = positions.iter().map(|position| map.nearest(*position)).collect();
        assert_eq!(map.sample(&positions, Interpolation::Nearest), each);
    }
}

#[test]
fn columns_are_chosen_by_name_or_number() {
    let path = golden("healpix_vector.fits");
    let read = |column| read_healpix_column(&path, &HealpixReadOptions { column, ..Default::default() });
    let first = read(None).unwrap();
    let OrderedPixels::Nested(pixels) = &first else { panic!("the file is nested") };
    assert_eq!(pixels.get(PixelIndex::new(1500)), Some(0.25 * 1500.0 - 30.0));
    for choice in [ColumnChoice::Name("n_obs".into()), ColumnChoice::Number(2)] {
        let OrderedPixels::Nested(pixels) = read(Some(choice)).unwrap() else { panic!("the file is nested") };
        assert_eq!(pixels.get(PixelIndex::new(1500)), Some((1500 % 7) as f32));
    }
    let error = read(Some(ColumnChoice::Name("Q".into()))).unwrap_err().to_string();
    assert!(error.contains("no column Q; the table has: TEMPERATURE, N_OBS"), "{error}");
    let error = read(Some(ColumnChoice::Number(3))).unwrap_err().to_string();
    assert!(error.contains("no column of number 3"), "{error}");
    // The unit is that of the column: counts are no map.
    let options = HealpixReadOptions { column: Some(ColumnChoice::Number(2)), ..Default::default() };
    let error = read_healpix(&path, &options).unwrap_err().to_string();
    assert!(error.contains("TUNIT = 'counts' is not a unit we know"), "{error}");
}

/// The layout of the simulated octant: Jy/sr, ring order, single precision, one column, no frequency in the header.
fn octant_file(path: &Path, values: &[f32]) {
    let repeat = if values.len().is_multiple_of(1024) { 1024 } else { 1 };
    let column = Column::new("SIGNAL", values.to_vec()).with_repeat(repeat).with_unit("Jy/sr");
    let mut table = Table::new(vec![column]);
    for (key, text) in [("PIXTYPE", "HEALPIX"), ("ORDERING", "RING"), ("COORDSYS", "C"), ("INDXSCHM", "IMPLICIT")] {
        table.header.set(key, text, "").unwrap();
    }
    let nside = Nside::from_n_pixels(values.len() as u64).unwrap();
    for (key, value) in [("NSIDE", nside.value()), ("FIRSTPIX", 0), ("LASTPIX", nside.n_pixels() - 1)] {
        table.header.set(key, value as i64, "").unwrap();
    }
    write_table(path, &table).unwrap();
}

#[test]
fn brightness_becomes_temperature_by_the_exact_derivative() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("148_tsz_healpix.fits");
    let values: Vec<f32> = (0..12 * 64 * 64).map(|i| 1000.0 * ((i % 977) as f32 - 400.0)).collect();
    octant_file(&path, &values);
    let error = read_healpix(&path, &HealpixReadOptions::default()).unwrap_err().to_string();
    assert!(
        error.ends_with("HDU 1: a map in Jy/sr needs its frequency (no FREQ keyword): give it with --freq-ghz"),
        "{error}"
    );
    // With the factor that the code of the paper uses, which knows the derivative to 3e-4.
    for (nu_ghz, jy_sr) in [(90.0, 5.526540e8), (148.0, 1.072480e9), (219.0, 1.318837e9)] {
        let options = HealpixReadOptions { nu: Some(Ghz::new(nu_ghz)), ..Default::default() };
        let file = read_healpix(&path, &options).unwrap();
        assert_eq!(file.nu, Some(Ghz::new(nu_ghz)));
        let map = temperature(file);
        let position = SkyPosition::from_deg(45.3, 37.7).unwrap();
        let pixel = grid(64).pixel_at(position).number() as usize;
        let expected_uk = f64::from(values[pixel]) / jy_sr * 2.726e6;
        let got = f64::from(map.nearest(position).unwrap());
        assert!((got / expected_uk - 1.0).abs() < 4e-4, "{nu_ghz} GHz: {got} for {expected_uk}");
    }
}

#[test]
fn what_is_missing_in_the_file_is_missing_in_the_map() {
    let mut values: Vec<f32> = (0..48).map(|i| i as f32).collect();
    values[3] = UNSEEN;
    values[5] = f32::NAN;
    values[7] = f32::NEG_INFINITY;
    values[9] = -999.0;
    let mut table = table(values, 2);
    let n_valid =
        |table: &Table| read_written(table, &HealpixReadOptions::default()).map(|file| temperature(file).n_valid());
    assert_eq!(n_valid(&table).unwrap(), 45);
    table.header.set("BAD_DATA", -999.0, "").unwrap();
    assert_eq!(n_valid(&table).unwrap(), 44);
    let map = temperature(read_written(&table, &HealpixReadOptions::default()).unwrap());
    let centre = |pixel| grid(2).centre(PixelIndex::<Ring>::new(pixel));
    assert_eq!([4, 5, 9].map(|pixel| map.nearest(centre(pixel))), [Some(4.0), None, None]);
    // Between a missing pixel and its neighbour there is no value; at a centre the others do not count.
    assert_eq!([4, 5].map(|pixel| map.bilinear(centre(pixel)).is_some()), [true, false]);
    let between =
        SkyPosition::from_deg(0.5 * (centre(4).lon_deg() + centre(5).lon_deg()), centre(4).lat_deg()).unwrap();
    assert_eq!(map.bilinear(between), None);
}

#[test]
fn ranges_and_lists_of_pixels_are_placed() {
    let mut ranged = table((100..140).map(|i| i as f32).collect(), 8);
    ranged.header.set("FIRSTPIX", 100, "").unwrap();
    ranged.header.set("LASTPIX", 139, "").unwrap();
    let values =
        |table: &Table| ring_values(temperature(read_written(table, &HealpixReadOptions::default()).unwrap()).pixels());
    let expected = |number: usize| if (100..140).contains(&number) { number as f32 } else { f32::NAN };
    let same = |got: Vec<f32>| got.iter().enumerate().all(|(i, v)| v.to_bits() == expected(i).to_bits());
    assert!(same(values(&ranged)));

    // In any order of the rows, and with integers of any width.
    let shuffled: Vec<i64> = (0..40).map(|i| 100 + i * 17 % 40).collect();
    for numbers in [
        Column::new("PIXEL", shuffled.clone()),
        Column::new("PIXEL", shuffled.iter().map(|&n| n as i16).collect::<Vec<_>>()),
    ] {
        let mut listed = table(shuffled.iter().map(|&n| n as f32).collect(), 8);
        listed.columns.insert(0, numbers);
        listed.header.set("INDXSCHM", "EXPLICIT", "").unwrap();
        assert!(same(values(&listed)));
        // A column of that name says the same.
        listed.header.remove("INDXSCHM");
        assert!(same(values(&listed)));
    }
}

#[test]
fn maps_written_read_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<f32> = (0..12 * 32 * 32).map(|i| if i % 11 == 0 { f32::NAN } else { (i as f32).sin() }).collect();
    let full = HealpixPixels::full(grid(32), values.clone()).unwrap();
    let covered = PixelSet::from_ranges(grid(32), [40..900, 5000..5001, 12000..12288]);
    let of_covered = covered.pixels().map(|pixel| values[pixel.number() as usize]).collect();
    let partial = HealpixPixels::partial(covered.clone(), of_covered).unwrap();
    for (name, pixels) in [("full.fits", full), ("part.fits.gz", partial)] {
        let path = folder.path().join(name);
        let map = HealpixMap::<MicroKelvinCmb>::new(Frame::Galactic, pixels);
        write_healpix(&path, &map).unwrap();
        let again = temperature(read_healpix(&path, &HealpixReadOptions::default()).unwrap());
        assert_eq!((again.frame(), again.nside(), again.n_valid()), (map.frame(), map.nside(), map.n_valid()));
        let bits = |map: &HealpixMap<_>| ring_values(map.pixels()).iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&again), bits(&map), "{name}");

        let file = HealpixFile {
            map: HealpixUnitMap::Temperature(map),
            nu: Some(Ghz::new(150.0)),
            beam: Some(Beam::gaussian(Arcmin::new(1.2)).unwrap()),
            noise_arcmin: Some(18.0),
            band_name: Some("150".to_owned()),
        };
        file.write(&path).unwrap();
        let again = read_healpix(&path, &HealpixReadOptions::default()).unwrap();
        assert_eq!((again.nu, again.noise_arcmin, again.band_name), (file.nu, file.noise_arcmin, file.band_name));
        assert_eq!(again.beam, file.beam);
    }
}

#[test]
fn each_missing_or_wrong_keyword_is_named_with_its_remedy() {
    let good = table(vec![1.0; 192], 4);
    assert!(read_written(&good, &HealpixReadOptions::default()).is_ok());
    let changed = |key: &str, value: Option<&str>| {
        let mut table = good.clone();
        match value {
            Some(value) => table.header.set(key, value, "").unwrap(),
            None => table.header.remove(key),
        }
        refusal(&table)
    };
    for (key, value, expected) in [
        (
            "ORDERING",
            None,
            "no ORDERING keyword says how the pixels are counted: give it with --ordering ring or nested",
        ),
        ("ORDERING", Some("SPIRAL"), "ORDERING = 'SPIRAL' is neither RING nor NESTED: say with --ordering which it is"),
        ("COORDSYS", None, "no COORDSYS keyword names the frame: give it with --frame equatorial or --frame galactic"),
        (
            "COORDSYS",
            Some("E"),
            "frame ecliptic (COORDSYS = 'E') is not supported: convert the map, or say with --frame",
        ),
        ("NSIDE", None, "keyword NSIDE is missing (resolution of the HEALPix map)"),
        ("INDXSCHM", Some("SPARSE"), "keyword INDXSCHM = 'SPARSE' is not IMPLICIT or EXPLICIT"),
    ] {
        let text = changed(key, value);
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("map.fits, HDU 1"), "{text}");
    }
    for (nside, expected) in [
        (8, "NSIDE = 8 has 768 pixels, the table holds 192 (those of nside 4): correct the header"),
        (0, "keyword NSIDE = 0 is not a number from 1 to 2^29"),
        (-1, "keyword NSIDE = -1 is not a number from 1 to 2^29"),
    ] {
        let text = refusal(&table(vec![1.0; 192], nside));
        assert!(text.contains(expected), "{text}");
    }
    let text = refusal(&table(vec![1.0; 191], 4));
    assert!(text.contains("NSIDE = 4 has 192 pixels, the table holds 191: correct the header"), "{text}");
    let text = refusal(&Table::new(vec![Column::new("RA", vec![1.0])]));
    assert!(text.contains("is not a HEALPix map: it has neither PIXTYPE = 'HEALPIX' nor the keyword NSIDE"), "{text}");
    let mut no_unit = good.clone();
    no_unit.columns[0].unit = None;
    assert!(refusal(&no_unit).contains("give it with --unit uK or --unit compton-y"), "{}", refusal(&no_unit));
    // What the user says counts more than the header.
    let mut bare = no_unit.clone();
    for key in ["ORDERING", "COORDSYS"] {
        bare.header.remove(key);
    }
    let options = HealpixReadOptions {
        ordering: Some(HealpixOrdering::Nested),
        frame: Some(Frame::Galactic),
        unit: Some(FileUnit::Kelvin),
        ..Default::default()
    };
    let map = temperature(read_written(&bare, &options).unwrap());
    assert_eq!((map.frame(), map.ordering()), (Frame::Galactic, HealpixOrdering::Nested));
    assert_eq!(map.nearest(SkyPosition::from_deg(1.0, 2.0).unwrap()), Some(1e6));
}

#[test]
fn impossible_pixels_are_refused() {
    let mut nested = table(vec![1.0; 12 * 9], 3);
    nested.header.set("ORDERING", "NESTED", "").unwrap();
    assert!(
        refusal(&nested).contains("NSIDE = 3 is not a power of two, as the nested order asks for"),
        "{}",
        refusal(&nested)
    );
    for (numbers, expected) in [
        (vec![5, 7, 192], "row 3 is for pixel 192, nside 4 has the pixels 0 to 191"),
        (vec![5, -7, 19], "row 2 is for pixel -7"),
        (vec![5, 9, 5], "pixel 5 has two rows"),
        (vec![5, 5, 9], "pixel 5 has two rows"),
    ] {
        let mut listed = table(vec![1.0; 3], 4);
        listed.columns.insert(0, Column::new("PIXEL", numbers));
        let text = refusal(&listed);
        assert!(text.contains(expected), "{text}");
    }
    let mut text_column = table(vec![1.0; 12], 1);
    text_column.columns[0] = Column::new("SIGNAL", vec!["a".to_owned(); 12]).with_unit("uK");
    assert!(refusal(&text_column).contains("column SIGNAL: it holds no numbers"), "{}", refusal(&text_column));
}

#[test]
fn truncated_files_and_absent_tables_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.fits");
    octant_file(&path, &vec![1.0; 12 * 32 * 32]);
    let options = HealpixReadOptions { nu: Some(Ghz::new(148.0)), ..Default::default() };
    let named = HealpixReadOptions { hdu: Some(HduChoice::Name("MAP".into())), ..options.clone() };
    let error = read_healpix(&path, &named).unwrap_err().to_string();
    assert!(error.contains("has no HDU named MAP; it holds: 1 (table of 12 rows, 1 columns)"), "{error}");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 20_000]).unwrap();
    let error = read_healpix(&path, &options).unwrap_err().to_string();
    assert!(error.contains("map.fits, HDU 1 is truncated: it declares"), "{error}");
    arcmin_fits::write_image(&path, &Header::new(), &[4, 4], &vec![0f32; 16]).unwrap();
    let error = read_healpix(&path, &options).unwrap_err().to_string();
    assert!(error.contains("holds no such binary table; the file holds: 0 (image [4, 4])"), "{error}");
}

#[test]
fn damaged_files_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.fits");
    let (mut n_read, mut n_refused) = (0, 0);
    for name in ["healpix_partial.fits", "healpix_vector.fits"] {
        let good = std::fs::read(golden(name)).unwrap();
        for i in 0..1500usize {
            let mut bytes = good.clone();
            // The cards of the table's header and the first rows, to other digits, letters or any byte.
            let at = 2880 + i * 7919 % 3200;
            bytes[at] = [b'0' + (i % 10) as u8, b'A' + (i % 26) as u8, (i * 31) as u8][i % 3];
            std::fs::write(&path, &bytes).unwrap();
            match read_healpix(&path, &HealpixReadOptions::default()) {
                Ok(file) => {
                    let map = temperature(file);
                    assert!(map.n_valid() <= map.nside().n_pixels());
                    n_read += 1;
                }
                Err(error) => {
                    assert!(error.to_string().contains("map.fits"), "{error}");
                    n_refused += 1;
                }
            }
        }
    }
    assert!(n_read > 500 && n_refused > 100, "{n_read} read, {n_refused} refused");
}

/// WMAP 7-year W band and analysis mask at nside 32; sums by healpy 1.20.1 in double precision.
#[test]
#[allow(clippy::print_stderr)] // a test that was skipped must say so
fn the_wmap_file_reads_as_by_healpy() {
    let Some(data) = std::env::var_os("ARCMIN_DATA") else {
        eprintln!("skipped: ARCMIN_DATA is not set");
        return;
    };
    let folder = Path::new(&data).join("data/healpix_wmap");
    let path = folder.join("wmap_band_iqumap_r9_7yr_W_v4_udgraded32_masked.fits");
    let error = read_healpix(&path, &HealpixReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("give it with --frame equatorial or --frame galactic"), "{error}");
    let mut options = HealpixReadOptions { frame: Some(Frame::Galactic), ..Default::default() };
    let error = read_healpix(&path, &options).unwrap_err().to_string();
    assert!(error.contains("give it with --unit"), "{error}");
    options.unit = Some(FileUnit::MilliKelvin);
    for (column, sum_mk, squares_mk2, pixel_1000_mk) in [
        ("I_STOKES", 135.76959503196485, 29.801349829866588, 0.0495380200445652),
        ("Q_STOKES", 4.9915742033670085, 0.5914877752857842, 0.012619244866073132),
        ("U_STOKES", -3.394108348530608, 0.6401645825654934, -0.01617092452943325),
    ] {
        options.column = Some(ColumnChoice::Name(column.to_owned()));
        let map = temperature(read_healpix(&path, &options).unwrap());
        let values: Vec<f64> = ring_values(map.pixels()).iter().map(|v| f64::from(*v) * 1e-3).collect();
        assert_eq!((map.n_valid(), values.len()), (7602, 12288));
        let valid = || values.iter().filter(|v| !v.is_nan());
        assert!((valid().sum::<f64>() - sum_mk).abs() < 1e-5, "{column}");
        assert!((valid().map(|v| v * v).sum::<f64>() / squares_mk2 - 1.0).abs() < 1e-6, "{column}");
        assert!((values[1000] - pixel_1000_mk).abs() < 1e-8, "{column}");
    }
    options.column = None;
    let map = temperature(read_healpix(&path, &options).unwrap());
    let at = |lon, lat| map.bilinear(SkyPosition::from_deg(lon, lat).unwrap());
    assert!((f64::from(at(121.5, 30.0).unwrap()) + 55.27858939021823).abs() < 1e-4);
    // Here one of the four pixels is masked; healpy gives -8e28.
    assert_eq!(at(10.0, 60.0), None);
    let mask = read_healpix_column(&folder.join("wmap_temperature_analysis_mask_r9_7yr_v4_udgraded32.fits"), &options);
    assert_eq!(ring_values(&mask.unwrap()).iter().filter(|v| **v != 0.0).count(), 7602);
}
