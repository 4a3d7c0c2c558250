//! Files written by astropy, against what astropy says is in them (tests/golden/make.py).

use arcmin_fits::{ColumnData, FitsFile, HduKind, ImageData};
use flate2::Crc;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn json(name: &str) -> Value {
    let text = std::fs::read_to_string(golden(name)).expect("the golden file is there");
    serde_json::from_str(&text).expect("the golden file is JSON")
}

/// Numbers of a JSON list, null being NaN.
fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().expect("a list");
    list.iter().map(|v| v.as_f64().or(v.as_bool().map(f64::from)).unwrap_or(f64::NAN)).collect()
}

/// Equal but for the last bit, which the JSON reader may get wrong.
fn same(a: &[f64], b: &[f64]) -> bool {
    let same = |(x, y): (&f64, &f64)| (x - y).abs() <= 4e-16 * y.abs() || (x.is_nan() && y.is_nan());
    a.len() == b.len() && a.iter().zip(b).all(same)
}

fn crc32(pixels: &[f64]) -> u32 {
    let mut crc = Crc::new();
    for &x in pixels {
        let x = if x.is_nan() { f64::NAN } else { x };
        crc.update(&x.to_be_bytes());
    }
    crc.sum()
}

#[test]
fn tiles_of_every_kind_unpack_to_the_bits_of_astropy() {
    let file = FitsFile::open(golden("tiles.fits.gz")).unwrap();
    let expected = json("tiles.json");
    let mut wrong = Vec::new();
    for hdu in &file.hdus()[1..] {
        let name = hdu.name.as_deref().unwrap();
        assert!(matches!(hdu.kind, HduKind::CompressedImage { .. }), "{name}");
        let image = file.read_image(hdu.index).unwrap_or_else(|e| panic!("{name}: {e}"));
        let axes: Vec<usize> = numbers(&expected[name]["axes"]).iter().map(|&n| n as usize).collect();
        assert_eq!(image.axes, axes, "{name}");
        let pixels = image.data.to_f64_with_nan();
        let first = numbers(&expected[name]["first"]);
        if Some(u64::from(crc32(&pixels))) != expected[name]["crc32"].as_u64() {
            wrong.push(format!("{name}: {:?}, not {first:?}", &pixels[..first.len()]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(file.hdus().len() > 50);
}

#[test]
fn header_of_a_compressed_image_is_that_of_the_image() {
    let file = FitsFile::open(golden("tiles.fits.gz")).unwrap();
    let index = file.hdus().iter().position(|hdu| hdu.name.as_deref() == Some("FALLBACK")).unwrap();
    let header = file.read_image(index).unwrap().header;
    assert_eq!(header.get_str("XTENSION").unwrap(), Some("IMAGE"));
    assert_eq!(header.get_i64("BITPIX").unwrap(), Some(-32));
    assert_eq!(header.get_i64("NAXIS2").unwrap(), Some(13));
    assert_eq!(header.get_str("BUNIT").unwrap(), Some("uK"));
    assert_eq!(header.get_f64("CRVAL1").unwrap(), Some(-8.333_333_333_333_3e-3));
    assert!(header.iter().any(|card| card.key() == "COMMENT" && card.comment() == "kept"));
    let leftover = header.iter().find(|card| card.key().starts_with('Z') || card.key().starts_with("TF"));
    assert_eq!(leftover, None);
}

#[test]
fn plain_images_agree_with_astropy() {
    let file = FitsFile::open(golden("plain.fits.gz")).unwrap();
    let expected = json("plain.json");
    for hdu in file.hdus() {
        let name = hdu.name.as_deref().unwrap_or("PRIMARY");
        let image = file.read_image(hdu.index).unwrap();
        assert_eq!(image.shape_yx().unwrap(), (3, 4), "{name}");
        let (got, expected) = (image.data.to_f64_with_nan(), numbers(&expected[name]));
        assert!(same(&got, &expected), "{name}: {got:?}, not {expected:?}");
    }
    let unsigned = |name: &str| {
        let index = file.hdus().iter().position(|hdu| hdu.name.as_deref() == Some(name)).unwrap();
        file.read_image(index).unwrap().data
    };
    assert!(matches!(unsigned("U16"), ImageData::I32(_)));
    assert!(matches!(unsigned("U32"), ImageData::I64(_)));
    assert!(matches!(unsigned("I8"), ImageData::I16(_)));
    assert!(matches!(unsigned("SCALED"), ImageData::F64(_)));
}

#[test]
fn cards_of_astropy_are_understood() {
    let file = FitsFile::open(golden("plain.fits.gz")).unwrap();
    let header = file.header(0).unwrap();
    assert_eq!(header.get_str("LONGSTR").unwrap(), Some("it's a long text, ".repeat(8).trim_end()));
    assert_eq!(header.get_f64("LONG KEYWORD").unwrap(), Some(1.5));
    assert_eq!(header.get_bool("LOGICAL").unwrap(), Some(true));
    assert_eq!(header.get_f64("DOUBLE").unwrap().map(|x| (x * 3.0 - 1.0).abs() < 1e-14), Some(true));
    assert_eq!(header.get_f64("ABSENT").unwrap(), None);
    let error = header.get_f64("LOGICAL").unwrap_err().to_string();
    assert!(error.contains("plain.fits.gz, HDU 0: keyword LOGICAL = T is not a finite number"), "{error}");
}

#[test]
fn tables_agree_with_astropy() {
    let table = FitsFile::open(golden("tables.fits.gz")).unwrap().first_table().unwrap();
    let expected = json("tables.json");
    assert_eq!((table.n_rows, table.columns.len()), (5, 18));
    for column in &table.columns {
        let expected_values = &expected[&column.name];
        let got = match &column.data {
            ColumnData::Text(texts) => {
                assert_eq!(&serde_json::json!(texts), expected_values, "{}", column.name);
                continue;
            }
            ColumnData::Bool(truths) => truths.iter().map(|&truth| f64::from(truth)).collect(),
            ColumnData::Lists { offsets, values } => {
                assert_eq!(serde_json::json!(offsets), expected["offsets"]);
                values.to_f64().unwrap()
            }
            _ => column.to_f64_with_nan().unwrap(),
        };
        let expected = numbers(expected_values);
        assert!(same(&got, &expected), "{}: {got:?}, not {expected:?}", column.name);
    }
    assert_eq!(table.column("SHORT").unwrap().unit.as_deref(), Some("arcmin"));
    assert_eq!(table.column("triple").unwrap().repeat, 6);
    assert_eq!(table.column("words").unwrap().repeat, 2);
}
