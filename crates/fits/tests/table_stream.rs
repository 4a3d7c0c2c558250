//! Tables read and written piece by piece.

use arcmin_fits::{Column, Error, FitsFile, HduKind, Header, Table, TableStream, write_table, write_table_pieces};
use std::path::Path;

/// Rows enough for several pieces: 16 bytes each, 9.6 MB.
const N_ROWS: usize = 600_000;

fn columns(rows: std::ops::Range<usize>) -> Vec<Column> {
    let values = rows.clone().flat_map(|i| [i as f32, -0.5 * i as f32]).collect::<Vec<f32>>();
    vec![
        Column::new("PIXEL", rows.map(|i| 7 * i as i64).collect::<Vec<_>>()),
        Column::new("SIGNAL", values).with_repeat(2).with_unit("mK"),
    ]
}

fn read_all(path: &Path) -> Result<(Vec<f64>, Vec<f64>, usize), Error> {
    let mut stream = TableStream::open(path, |_| true)?;
    let picked = [stream.column_index("signal")?, stream.column_index("PIXEL")?];
    assert_eq!((stream.n_rows(), stream.repeat(picked[0]), stream.unit(picked[0])?), (N_ROWS, 2, Some("mK")));
    let (mut signal, mut pixel, mut n_pieces) = (Vec::new(), Vec::new(), 0);
    while let Some(columns) = stream.next_rows(&picked)? {
        signal.extend(columns[0].to_f64_with_nan().unwrap());
        pixel.extend(columns[1].to_f64_with_nan().unwrap());
        n_pieces += 1;
    }
    Ok((signal, pixel, n_pieces))
}

#[test]
fn pieces_make_the_table_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["table.fits", "table.fits.gz"] {
        let path = folder.path().join(name);
        let header = Header::new();
        let pieces =
            (0..N_ROWS).step_by(70_000).map(|start| Ok::<_, Error>(columns(start..N_ROWS.min(start + 70_000))));
        write_table_pieces(&path, &header, N_ROWS, pieces).unwrap();
        let whole = FitsFile::open(&path).unwrap().read_table(1).unwrap();
        assert_eq!(whole.columns, columns(0..N_ROWS));
        let (signal, pixel, n_pieces) = read_all(&path).unwrap();
        assert_eq!((signal, pixel), (whole.f64s("SIGNAL").unwrap(), whole.f64s("PIXEL").unwrap()));
        assert!(n_pieces > 1, "one piece would test nothing");
    }
    let [a, b] = ["table.fits", "whole.fits"].map(|name| folder.path().join(name));
    write_table(&b, &Table::new(columns(0..N_ROWS))).unwrap();
    assert_eq!(std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
}

#[test]
fn a_table_is_chosen_and_absent_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.fits");
    let [first, second] = [1.0f32, 2.0].map(|value| Table::new(vec![Column::new("A", vec![value])]));
    arcmin_fits::FitsBuilder::new().table(&first).table(&second).write(&path).unwrap();
    let mut stream = TableStream::open(&path, |hdu| hdu.index == 2).unwrap();
    assert_eq!(stream.next_rows(&[0]).unwrap().unwrap()[0].data, vec![2.0f32].into());
    assert!(stream.next_rows(&[0]).unwrap().is_none());
    let none = TableStream::open(&path, |hdu| !matches!(hdu.kind, HduKind::BinTable { .. })).map(|_| ());
    let text = none.unwrap_err().to_string();
    assert!(text.contains("holds no such binary table; the file holds: 0 (empty), 1 (table of 1 rows"), "{text}");
}

#[test]
fn truncated_files_are_told_before_or_while_reading() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("table.fits"), folder.path().join("table.fits.gz"));
    write_table(&plain, &Table::new(columns(0..N_ROWS))).unwrap();
    let bytes = std::fs::read(&plain).unwrap();
    for keep in [0, 100, 2880, 4000, 5760, 9000, bytes.len() - 3000] {
        std::fs::write(&plain, &bytes[..keep]).unwrap();
        assert!(TableStream::open(&plain, |_| true).is_err(), "{keep} bytes");
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &bytes[..bytes.len() / 2]).unwrap();
    std::fs::write(&packed, encoder.finish().unwrap()).unwrap();
    let error = read_all(&packed).unwrap_err();
    assert!(matches!(error, Error::Truncated { .. }), "{error}");
    let half = std::fs::read(&packed).unwrap();
    std::fs::write(&packed, &half[..half.len() / 2]).unwrap();
    let error = read_all(&packed).unwrap_err();
    assert!(matches!(error, Error::GzipFile { .. }), "{error}");
}
