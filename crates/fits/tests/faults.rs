//! Bad input and bad disks: an error that says what to do, never a panic, nothing half written.

use arcmin_fits::{Column, Error, FitsBuilder, FitsFile, Header, Limits, Table, write_image, write_table};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::io::Read;
use std::path::Path;

/// Small enough that a wrong size would fail the test and not the machine.
const LIMITS: Limits = Limits { gunzipped_bytes: 64 << 20, image_bytes: 64 << 20 };

fn open(bytes: &[u8]) -> Result<FitsFile, Error> {
    FitsFile::from_bytes("bad.fits", bytes.to_vec(), LIMITS)
}

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let packed = std::fs::read(path).expect("the golden file is there");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).expect("the golden file is gzip'd");
    bytes
}

/// Reads all there is, as far as it goes.
fn read_all(bytes: &[u8]) {
    let Ok(file) = open(bytes) else { return };
    for index in 0..file.hdus().len() {
        let _ = file.read_image(index).map(|image| image.data.to_f32_with_nan());
        let _ = file.read_table(index);
    }
}

fn one_image() -> Vec<u8> {
    FitsBuilder::new().image(&Header::new(), &[30, 40], &vec![1.0f32; 1200]).to_bytes().unwrap()
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).expect("the text is there");
    let mut bytes = bytes.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

fn message(result: Result<FitsFile, Error>) -> String {
    result.err().expect("must fail").to_string()
}

#[test]
fn no_damage_makes_the_reader_panic() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    for name in ["tiles.fits.gz", "tables.fits.gz", "plain.fits.gz"] {
        let whole = golden(name);
        let file = FitsFile::from_bytes(name, whole.clone(), LIMITS).unwrap();
        let n_hdus = file.hdus().len();
        drop(file);
        for index in 0..n_hdus.saturating_sub(1) {
            let alone = hdu_alone(&whole, index + 1);
            for _ in 0..60 {
                let mut bytes = alone.clone();
                for _ in 0..rng.random_range(1..6) {
                    let at = rng.random_range(0..bytes.len());
                    bytes[at] = rng.random();
                }
                read_all(&bytes);
                bytes.truncate(rng.random_range(0..bytes.len()));
                read_all(&bytes);
            }
        }
    }
}

/// An empty primary HDU and one extension of the file.
fn hdu_alone(whole: &[u8], index: usize) -> Vec<u8> {
    let starts: Vec<usize> =
        (0..whole.len()).step_by(2880).filter(|&at| at == 0 || whole[at..].starts_with(b"XTENSION")).collect();
    let end = starts.get(index + 1).copied().unwrap_or(whole.len());
    let mut bytes = FitsBuilder::new().to_bytes().unwrap();
    bytes.extend(&whole[starts[index]..end]);
    bytes
}

#[test]
fn digits_of_headers_may_be_anything() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    for (name, n_hdus) in [("tiles.fits.gz", 40), ("tables.fits.gz", 1)] {
        let whole = golden(name);
        for index in (1..=n_hdus).step_by(7) {
            let alone = hdu_alone(&whole, index);
            let digits: Vec<usize> = (2880..alone.len().min(8640)).filter(|&i| alone[i].is_ascii_digit()).collect();
            for _ in 0..1500 {
                let mut bytes = alone.clone();
                for _ in 0..2 {
                    bytes[digits[rng.random_range(0..digits.len())]] = b"0123456789-"[rng.random_range(0..11)];
                }
                read_all(&bytes);
            }
        }
    }
}

#[test]
fn truncated_files_tell_what_is_missing() {
    let bytes = one_image();
    let text = message(open(&bytes[..5000]));
    assert_eq!(text, "bad.fits, HDU 0 is truncated: it declares 7680 bytes, the file has 5000: fetch the file again");
    assert!(message(open(&bytes[..400])).contains("no END card"));
    // Only the filling of the last block is missing: everything is there.
    assert!(open(&bytes[..7680]).unwrap().read_image(0).is_ok());
}

#[test]
fn files_that_are_not_fits_are_refused() {
    assert!(matches!(open(b""), Err(Error::Empty { .. })));
    assert!(matches!(open(b"<html>not found</html>"), Err(Error::NotFits { .. })));
    assert!(matches!(open(&[0; 5760]), Err(Error::NotFits { .. })));
    assert!(matches!(open(&[0x1f, 0x8b, 8, 0, 1, 2, 3]), Err(Error::GzipFile { .. })));
    assert!(matches!(FitsFile::open("/"), Err(Error::NotAFile { .. })));
    let missing = FitsFile::open("/no/such/map.fits");
    assert!(message(missing).starts_with("cannot read /no/such/map.fits: "));
}

#[test]
fn absurd_sizes_are_refused_before_memory_is_asked_for() {
    let bytes = one_image();
    let huge = replaced(&bytes, "NAXIS1  =                   30", "NAXIS1  =  9223372036854775807");
    assert!(matches!(open(&huge), Err(Error::Truncated { .. })));
    let negative = replaced(&bytes, "NAXIS1  =                   30", "NAXIS1  =                  -30");
    let text = message(open(&negative));
    assert!(text.contains("keyword NAXIS1 = -30 is not zero or a positive number"), "{text}");
    let nan = replaced(&bytes, "NAXIS1  =                   30", "NAXIS1  =                  NaN");
    assert!(message(open(&nan)).contains("keyword NAXIS1 = NaN is not a whole number"));
    let bits = replaced(&bytes, "BITPIX  =                  -32", "BITPIX  =                   33");
    assert!(matches!(open(&bits), Err(Error::BadKeyword { .. })));
    let tiles = hdu_alone(&golden("tiles.fits.gz"), 1);
    let zaxis = replaced(&tiles, "ZNAXIS1 =                   17", "ZNAXIS1 =       90000000000000");
    let result = open(&zaxis).unwrap().read_image(1);
    assert!(matches!(result, Err(Error::TooLarge { .. } | Error::BadKeyword { .. })), "{result:?}");
}

#[test]
fn wrong_hdus_are_named_with_what_there_is() {
    let table = Table::new(vec![Column::new("SNR", vec![5.0f32])]);
    let file = open(&FitsBuilder::new().table(&table).to_bytes().unwrap()).unwrap();
    let text = file.first_image().unwrap_err().to_string();
    assert_eq!(text, "bad.fits holds no image with pixels; the file holds: 0 (empty), 1 (table of 1 rows, 1 columns)");
    let text = file.read_image(7).unwrap_err().to_string();
    assert!(text.starts_with("bad.fits, HDU 7 does not exist; the file holds: 0 (empty)"), "{text}");
    assert!(matches!(file.read_table(0), Err(Error::WrongKind { .. })));
    let text = file.read_table(1).unwrap().f64s("xi").unwrap_err().to_string();
    assert_eq!(text, "bad.fits, HDU 1: no column xi; the table has: SNR");
}

#[test]
fn unknown_compressions_are_named() {
    let tiles = hdu_alone(&golden("tiles.fits.gz"), 1);
    let other = replaced(&tiles, "'GZIP_1  '", "'PLIO_1  '");
    let text = open(&other).unwrap().read_image(1).unwrap_err().to_string();
    assert_eq!(text, "bad.fits, HDU 1: image compression PLIO_1 is not supported: unpack the file with funpack first");
}

#[test]
fn damaged_tiles_are_numbered() {
    let mut tiles = hdu_alone(&golden("tiles.fits.gz"), 1);
    let last = tiles.windows(2).rposition(|w| w == [0x1f, 0x8b]).expect("a gzip stream");
    tiles[last + 15] ^= 0xff;
    let text = open(&tiles).unwrap().read_image(1).unwrap_err().to_string();
    assert!(text.contains("HDU 1: tile 13 of the compressed image is damaged"), "{text}");
}

#[test]
fn gzip_bombs_are_refused() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut std::io::repeat(b' ').take(65 << 20), &mut packed).unwrap();
    let result = open(&packed.finish().unwrap());
    assert!(matches!(result.map(|_| ()), Err(Error::TooLarge { .. })));
}

#[test]
fn headers_refuse_what_fits_cannot_hold() {
    let mut header = Header::new();
    for (key, value) in [("X", f64::NAN), ("X", f64::INFINITY), ("lower", 1.0), ("A  B", 1.0), ("END", 1.0), ("", 1.0)]
    {
        assert!(matches!(header.set(key, value, ""), Err(Error::BadCard { .. })), "{key}");
    }
    assert!(header.set("UNIT", "\u{b5}K", "").is_err());
    assert!(header.set("UNIT", "uK", "line\nbreak").is_err());
    assert_eq!(header, Header::new());
}

#[test]
fn arrays_that_do_not_fit_are_refused_before_writing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.fits");
    let result = write_image(&path, &Header::new(), &[3, 3], &vec![0.0f32; 8]);
    assert!(matches!(result, Err(Error::PixelCount { .. })));
    let uneven = Table::new(vec![Column::new("a", vec![1i32, 2]), Column::new("b", vec![1i32])]);
    assert!(matches!(write_table(&path, &uneven), Err(Error::BadColumn { .. })));
    let accent = Table::new(vec![Column::new("name", vec!["caf\u{e9}".to_owned()])]);
    assert!(matches!(write_table(&path, &accent), Err(Error::BadColumn { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn failed_writes_name_path_and_remedy_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent/map.fits");
    let text = write_image(&path, &Header::new(), &[1], &vec![0u8]).unwrap_err().to_string();
    assert!(text.contains("absent/map.fits") && text.ends_with("; make its directory first"), "{text}");
    let result = write_image(folder.path(), &Header::new(), &[1], &vec![0u8]);
    assert!(matches!(result, Err(Error::Write { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
