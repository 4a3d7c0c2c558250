//! Catalogues through their files.

use arcmin_maps::Catalogue;
use arcmin_maps::catalogue::{Values, columns};
use arcmin_units::{Frame, SkyPosition};
use proptest::prelude::*;
use std::path::PathBuf;

fn written(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn through(catalogue: &Catalogue, file_name: &str) -> Catalogue {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file_name);
    catalogue.write(&path).unwrap();
    Catalogue::read(&path).unwrap()
}

fn assert_same(got: &Catalogue, expected: &Catalogue) {
    assert_eq!(got.len(), expected.len());
    for (a, b) in got.positions().iter().zip(expected.positions()) {
        let apart = a.separation(*b).value();
        assert!(apart <= 2e-10, "{a:?} is not {b:?}");
    }
    assert_eq!(got.columns().len(), expected.columns().len());
    for (a, b) in got.columns().iter().zip(expected.columns()) {
        assert_eq!((&a.name, &a.unit), (&b.name, &b.unit));
        match (&a.values, &b.values) {
            (Values::F64(a), Values::F64(b)) => {
                assert!(a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())), "{a:?} is not {b:?}");
            }
            (a, b) => assert_eq!(a, b),
        }
    }
}

prop_compose! {
    fn row()(
        ra_deg in 0.0..360.0, dec_deg in -90.0..90.0, snr in prop::num::f64::NORMAL | prop::num::f64::ZERO,
        flags in any::<i64>(), name in "[ -~]{0,12}[!-~]", has_redshift in any::<bool>(),
    ) -> (f64, f64, f64, i64, String, f64) {
        (ra_deg, dec_deg, snr, flags, name, if has_redshift { 0.5 } else { f64::NAN })
    }
}

fn catalogue_of(rows: &[(f64, f64, f64, i64, String, f64)]) -> Catalogue {
    let positions: Vec<_> = rows.iter().map(|r| SkyPosition::from_deg(r.0, r.1).unwrap()).collect();
    let mut redshifts: Vec<f64> = rows.iter().map(|r| r.5).collect();
    redshifts[0] = 0.25;
    Catalogue::new(&positions, Frame::Equatorial)
        .with_text(columns::NAME, rows.iter().map(|r| r.4.clone()).collect())
        .unwrap()
        .with_f64(columns::SNR, rows.iter().map(|r| r.2).collect())
        .unwrap()
        .with_i64(columns::FLAGS, rows.iter().map(|r| r.3).collect())
        .unwrap()
        .with_f64(columns::REDSHIFT, redshifts)
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn csv_gives_back_what_was_written(rows in prop::collection::vec(row(), 1..20)) {
        let catalogue = catalogue_of(&rows);
        assert_same(&through(&catalogue, "c.csv"), &catalogue);
    }

    #[test]
    fn fits_gives_back_what_was_written(rows in prop::collection::vec(row(), 1..20)) {
        let catalogue = catalogue_of(&rows);
        assert_same(&through(&catalogue, "c.fits"), &catalogue);
    }

    #[test]
    fn reading_any_text_ends_in_a_catalogue_or_an_error(text in "(RA,DEC\n)?[ -~\n\r\"]{0,200}") {
        for name in ["c.csv", "c.reg"] {
            let (_folder, path) = written(name, &text);
            let _ = Catalogue::read(&path);
        }
    }
}

#[test]
fn an_empty_catalogue_survives_every_format() {
    let empty =
        Catalogue::new(&[], Frame::Equatorial).with_f64("SNR", vec![]).unwrap().with_text("name", vec![]).unwrap();
    for file in ["c.csv", "c.fits", "c.reg"] {
        let back = through(&empty, file);
        assert!(back.is_empty(), "{file}");
        if file != "c.reg" {
            assert_eq!(back.f64("SNR").unwrap(), Vec::<f64>::new(), "{file}");
            assert_eq!(back.text("name").unwrap(), Vec::<String>::new(), "{file}");
        }
    }
}

#[test]
fn quoted_fields_and_line_breaks_are_read_as_rfc_4180_has_them() {
    let text = "# made by hand\r\nname,RA,\"de\"\"c\",dec,z\r\n\"A, \"\"B\"\"\nC\",10.5,x,-1,0.1\r\n\r\n12,11,,2,\r\n";
    let (_folder, path) = written("c.csv", text);
    let catalogue = Catalogue::read(&path).unwrap();
    assert_eq!(catalogue.text("name").unwrap(), ["A, \"B\"\nC", "12"]);
    assert_eq!(catalogue.text("de\"c").unwrap(), ["x", ""]);
    assert_eq!(catalogue.f64("RADeg").unwrap(), [10.5, 11.0]);
    assert!(catalogue.f64("z").unwrap()[1].is_nan());
}

#[test]
fn positions_are_found_under_their_common_names() {
    let m31 = SkyPosition::from_deg(10.684_708, 41.268_75).unwrap();
    for header in ["RADeg,decDeg", "ra,dec", "RAJ2000,DEJ2000", "RA,DEC"] {
        let (_folder, path) = written("c.csv", &format!("{header},SNR\n10.684708,41.26875,5\n"));
        let catalogue = Catalogue::read(&path).unwrap();
        assert!(catalogue.positions()[0].separation(m31).value() < 1e-12, "{header}");
        assert_eq!(catalogue.columns().len(), 1, "{header}");
    }
    let (_folder, path) = written("c.csv", "GLON,GLAT\n121.174322,-21.573311\n");
    let galactic = Catalogue::read(&path).unwrap();
    assert!(galactic.positions()[0].separation(m31).to_arcmin().value() < 0.01);
    let there = galactic.positions_in(Frame::Galactic)[0];
    assert!((there.lon_deg() - 121.174_322).abs() < 1e-9);
}

#[test]
fn ds9_circles_keep_their_place_and_name() {
    let position = SkyPosition::from_deg(352.96, -50.864).unwrap();
    let catalogue = Catalogue::new(&[position], Frame::Equatorial);
    let catalogue = catalogue.with_text("name", vec!["ARC J2331.8-5051".to_owned()]).unwrap();
    assert_same(&through(&catalogue, "c.reg"), &catalogue);

    let text = "# Region file format: DS9\nglobal color=green\nicrs;circle(23:31:50.4,-50:51:50.4,30\") # text={a}\n\
                galactic\npoint(121.174322,-21.573311) # point=cross text={b c}\n";
    let (_folder, path) = written("c.reg", text);
    let read = Catalogue::read(&path).unwrap();
    assert_eq!(read.text("name").unwrap(), ["a", "b c"]);
    assert!(read.positions()[0].separation(position).to_arcmin().value() < 1e-6);
    assert!((read.positions()[1].lon_deg() - 10.684_7).abs() < 1e-3);
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_name() {
    for (name, text, part) in [
        ("c.csv", "", "c.csv, line 1"),
        ("c.csv", "name,SNR\na,5\n", "c.csv has no column RADeg and decDeg; it has: name, SNR"),
        ("c.csv", "RA,DEC\n1,2\n3\n", "c.csv, line 3"),
        ("c.csv", "RA,DEC\n1,91\n", "c.csv, row 1: (1, 91) deg"),
        ("c.csv", "RA,DEC\n1,north\n", "column DEC of"),
        ("c.csv", "RA,DEC\n\"1,2\n", "quotes are closed"),
        ("c.reg", "circle(1,2,3)\n", "c.reg, line 1: this is not preceded by a frame"),
        ("c.reg", "fk5\nellipse(1,2,3,4,5)\n", "c.reg, line 2"),
        ("c.reg", "fk5\ncircle(1,95,3)\n", "c.reg, line 2"),
    ] {
        let (_folder, path) = written(name, text);
        let message = Catalogue::read(&path).unwrap_err().to_string();
        assert!(message.contains(part), "{text:?}: {message}");
    }
    let (_folder, path) = written("c.csv", "RA,DEC,SNR\n1,2,5\n");
    let message = Catalogue::read(&path).unwrap().f64("redshift").unwrap_err().to_string();
    assert!(message.ends_with("c.csv has no column redshift; it has: RADeg, decDeg, SNR"), "{message}");
    let missing = Catalogue::read(&path.with_file_name("none.csv")).unwrap_err().to_string();
    assert!(missing.contains("none.csv"), "{missing}");
    let unwritable = Catalogue::new(&[], Frame::Equatorial).write(&path.join("below.csv")).unwrap_err().to_string();
    assert!(unwritable.contains("below.csv"), "{unwritable}");
}

#[test]
fn columns_must_fit_the_catalogue() {
    let catalogue = Catalogue::new(&[SkyPosition::from_deg(1.0, 2.0).unwrap()], Frame::Equatorial);
    assert!(catalogue.clone().with_f64("SNR", vec![]).is_err());
    assert!(catalogue.clone().with_f64("RADeg", vec![1.0]).is_err());
    let replaced = catalogue.with_f64("SNR", vec![1.0]).unwrap().with_f64("SNR", vec![2.0]).unwrap();
    assert_eq!(replaced.f64("snr").unwrap(), [2.0]);
    assert_eq!(replaced.take(&[0, 0]).f64("SNR").unwrap(), [2.0, 2.0]);
}

#[test]
fn concatenation_keeps_rows_in_order_and_asks_for_the_same_columns() {
    let row = |ra_deg: f64| Catalogue::new(&[SkyPosition::from_deg(ra_deg, 0.0).unwrap()], Frame::Equatorial);
    let full = |ra_deg: f64, name: &str| {
        let named = row(ra_deg).with_text("name", vec![name.to_owned()]).unwrap();
        named.with_f64("SNR", vec![5.0 * ra_deg]).unwrap()
    };
    let none = full(1.0, "a").take(&[]);
    let both = Catalogue::concatenate(&[none.clone(), full(1.0, "a"), none, full(2.0, "b")]).unwrap();
    assert_eq!(both.f64("RADeg").unwrap(), [1.0, 2.0]);
    assert_eq!(both.f64("SNR").unwrap(), [5.0, 10.0]);
    assert_eq!(both.text("name").unwrap(), ["a", "b"]);
    assert!(Catalogue::concatenate(&[]).unwrap().is_empty());
    assert!(Catalogue::concatenate(&[full(1.0, "a"), row(3.0)]).is_err());
}

#[test]
fn files_joined_one_by_one_are_the_bytes_of_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let of = |names: &[&str]| {
        let positions: Vec<SkyPosition> =
            (0..names.len()).map(|i| SkyPosition::from_deg(10.0 + i as f64, -5.0).unwrap()).collect();
        let texts: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let numbers = (0..names.len() as i64).collect();
        let named = Catalogue::new(&positions, Frame::Equatorial).with_text("name", texts).unwrap();
        let counted = named.with_i64("flags", numbers).unwrap();
        counted.with_f64("SNR", vec![5.5; names.len()]).unwrap()
    };
    let sets: [&[&[&str]]; 5] =
        [&[&["a", "bb"], &[], &["a longer name", "c"]], &[&[], &["x"]], &[&[], &[]], &[&[""], &["y"]], &[]];
    for parts in sets {
        let parts: Vec<Catalogue> = parts.iter().map(|names| of(names)).collect();
        let paths: Vec<_> = (0..parts.len()).map(|i| at(&format!("part-{i}.fits"))).collect();
        parts.iter().zip(&paths).for_each(|(part, path)| part.write(path).unwrap());
        Catalogue::join_files(&paths, &at("joined.fits")).unwrap();
        Catalogue::concatenate(&parts).unwrap().write(&at("whole.fits")).unwrap();
        assert_eq!(std::fs::read(at("joined.fits")).unwrap(), std::fs::read(at("whole.fits")).unwrap());
    }
    let row = Catalogue::new(&[SkyPosition::from_deg(1.0, 2.0).unwrap()], Frame::Equatorial);
    row.write(&at("bare.fits")).unwrap();
    of(&["a"]).write(&at("full.fits")).unwrap();
    let message = Catalogue::join_files(&[at("full.fits"), at("bare.fits")], &at("new.fits")).unwrap_err().to_string();
    assert!(message.contains("bare.fits") && !at("new.fits").exists(), "{message}");
}
