//! What is written is what is read.

use arcmin_fits::{
    Column, ColumnData, FitsBuilder, FitsFile, Header, ImageData, Limits, Table, write_image, write_table,
};
use proptest::prelude::*;

fn reopen(builder: &FitsBuilder<'_>) -> FitsFile {
    let bytes = builder.to_bytes().expect("can be encoded");
    assert_eq!(bytes.len() % 2880, 0);
    FitsFile::from_bytes("memory.fits", bytes, Limits::default()).expect("opens")
}

fn bits_f32(v: &[f32]) -> Vec<u32> {
    v.iter().map(|x| x.to_bits()).collect()
}

fn bits_f64(v: &[f64]) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

proptest! {
    #[test]
    fn float_images_return_bit_for_bit(nx in 1usize..40, ny in 1usize..30, seed in any::<u32>()) {
        let bits = |i: usize| (i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed);
        let pixels: Vec<f32> = (0..nx * ny).map(|i| f32::from_bits(bits(i))).collect();
        let header = Header::new();
        let image = reopen(&FitsBuilder::new().image(&header, &[nx, ny], &pixels)).first_image().unwrap();
        prop_assert_eq!(image.shape_yx().unwrap(), (ny, nx));
        let ImageData::F32(read) = image.data else { panic!("other type") };
        prop_assert_eq!(bits_f32(&read), bits_f32(&pixels));
    }

    #[test]
    fn images_of_every_type_return(
        b in prop::collection::vec(any::<u8>(), 6), i in prop::collection::vec(any::<i16>(), 6),
        j in prop::collection::vec(any::<i32>(), 6), k in prop::collection::vec(any::<i64>(), 6),
        d in prop::collection::vec(any::<f64>(), 6),
    ) {
        let header = Header::new();
        let axes = [3, 1, 2];
        let builder = FitsBuilder::new().image(&header, &axes, &b).image(&header, &axes, &i)
            .image(&header, &axes, &j).image(&header, &axes, &k).image(&header, &axes, &d);
        let file = reopen(&builder);
        prop_assert_eq!(file.read_image(0).unwrap().data, ImageData::U8(b));
        prop_assert_eq!(file.read_image(1).unwrap().data, ImageData::I16(i));
        prop_assert_eq!(file.read_image(2).unwrap().data, ImageData::I32(j));
        prop_assert_eq!(file.read_image(3).unwrap().data, ImageData::I64(k));
        let last = file.read_image(4).unwrap();
        prop_assert_eq!(last.axes, axes.to_vec());
        let ImageData::F64(read) = last.data else { panic!("other type") };
        prop_assert_eq!(bits_f64(&read), bits_f64(&d));
    }

    #[test]
    fn header_cards_return(
        number in any::<f64>().prop_filter("finite", |x| x.is_finite()), whole in any::<i64>(),
        truth in any::<bool>(), text in "[ -~]{0,200}", key in "[A-Z][A-Z0-9_-]{0,7}",
        long_key in "[A-Z]{1,8} [A-Z0-9_-]{8,20}", comment in "[a-z /']{0,20}",
    ) {
        prop_assume!(!["END", "CONTINUE", "COMMENT", "HISTORY", "HIERARCH", "SIMPLE", "EXTEND", "BITPIX"].contains(&key.as_str()));
        prop_assume!(!key.starts_with('N'));
        let mut header = Header::new();
        header.set("NUMBER", number, &comment).unwrap();
        header.set("NWHOLE", whole, "").unwrap();
        header.set("NTRUTH", truth, &comment).unwrap();
        header.set(&key, text.as_str(), "").unwrap();
        header.set(&long_key, number, "").unwrap();
        header.set(&format!("{long_key}-T"), text.as_str(), "").unwrap();
        header.add_commentary("HISTORY", "made by a test").unwrap();
        let file = reopen(&FitsBuilder::new().image(&header, &[1], &vec![0u8]));
        let read = file.header(0).unwrap();
        prop_assert_eq!(read.get_f64("NUMBER").unwrap().map(f64::to_bits), Some(number.to_bits()));
        prop_assert_eq!(read.get_i64("NWHOLE").unwrap(), Some(whole));
        prop_assert_eq!(read.get_bool("NTRUTH").unwrap(), Some(truth));
        prop_assert_eq!(read.get_str(&key).unwrap(), Some(text.trim_end()));
        prop_assert_eq!(read.get_f64(&long_key).unwrap(), Some(number));
        prop_assert_eq!(read.get_str(&format!("{long_key}-T")).unwrap(), Some(text.trim_end()));
        let history: Vec<_> = read.iter().filter(|card| card.key() == "HISTORY").collect();
        prop_assert_eq!(history[0].comment(), "made by a test");
    }

    #[test]
    fn tables_return(
        rows in prop::collection::vec(
            (any::<bool>(), any::<i16>(), any::<u64>(), any::<f32>(), "[!-~]{0,12}", any::<[i32; 3]>()),
            0..30,
        ),
    ) {
        let texts: Vec<String> = rows.iter().map(|r| r.4.clone()).collect();
        let triples: Vec<i32> = rows.iter().flat_map(|r| r.5).collect();
        let offsets: Vec<usize> = (0..=rows.len()).map(|i| i * i.min(2)).collect();
        let values: Vec<f64> = (0..*offsets.last().unwrap()).map(|i| i as f64 / 7.0).collect();
        let lists = ColumnData::Lists { offsets, values: Box::new(values.into()) };
        let table = Table::new(vec![
            Column::new("flag", rows.iter().map(|r| r.0).collect::<Vec<_>>()),
            Column::new("small", rows.iter().map(|r| r.1).collect::<Vec<_>>()).with_unit("arcmin"),
            Column::new("id", rows.iter().map(|r| r.2).collect::<Vec<_>>()),
            Column::new("x", rows.iter().map(|r| r.3).collect::<Vec<_>>()),
            Column::new("name", texts.clone()),
            Column::new("pair", [texts.clone(), texts].concat()).with_repeat(2),
            Column::new("triple", triples).with_repeat(3),
            Column::new("list", lists),
        ]);
        let read = reopen(&FitsBuilder::new().table(&table)).read_table(1).unwrap();
        prop_assert_eq!(read.n_rows, rows.len());
        for (got, expected) in read.columns.iter().zip(&table.columns).filter(|(c, _)| c.name != "x") {
            if !rows.is_empty() {
                prop_assert_eq!(got, expected);
            }
        }
        let ColumnData::F32(x) = &read.column("X").unwrap().data else { panic!("other type") };
        let expected: Vec<f32> = rows.iter().map(|r| r.3).collect();
        prop_assert_eq!(bits_f32(x), bits_f32(&expected));
    }
}

#[test]
fn nulls_return() {
    let mut columns = vec![
        Column::new("i", vec![1i32, 0, 3]),
        Column::new("b", vec![1u8, 0, 3]),
        Column::new("u", vec![1u64, 0, u64::MAX - 1]),
        Column::new("l", vec![true, false, true]),
    ];
    for column in &mut columns {
        column.nulls = vec![false, true, false];
    }
    let table = Table::new(columns);
    let read = reopen(&FitsBuilder::new().table(&table)).first_table().unwrap();
    for column in &read.columns {
        assert_eq!(column.nulls, [false, true, false], "{}", column.name);
    }
    let numbers = read.f64s("I").unwrap();
    assert!(numbers[0] == 1.0 && numbers[1].is_nan() && numbers[2] == 3.0);
}

#[test]
fn gzipped_files_return_and_are_reproducible() {
    let folder = tempfile::tempdir().unwrap();
    let mut header = Header::new();
    header.set("BUNIT", "uK", "").unwrap();
    let pixels: Vec<f64> = (0..600).map(f64::from).collect();
    let [a, b] = ["a.fits.gz", "b.fits.gz"].map(|name| folder.path().join(name));
    write_image(&a, &header, &[20, 30], &pixels).unwrap();
    write_image(&b, &header, &[20, 30], &pixels).unwrap();
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
    assert_eq!(std::fs::read(&a).unwrap()[..2], [0x1f, 0x8b]);
    let image = FitsFile::open(&a).unwrap().first_image().unwrap();
    assert_eq!(image.data, ImageData::F64(pixels));
}

#[test]
fn a_header_that_was_read_can_be_written_again() {
    let pixels = vec![1.0f32; 4];
    let mut header = Header::new();
    header.set("CRVAL1", -8.333_333_333_333_3e-3, "degrees").unwrap();
    header.set("BZERO", 32768.0, "").unwrap();
    let first = reopen(&FitsBuilder::new().image(&header, &[2, 2], &pixels)).first_image().unwrap();
    assert!(!first.header.contains("BZERO"), "describes the storage of another array");
    let second = reopen(&FitsBuilder::new().image(&first.header, &[2, 2], &pixels)).first_image().unwrap();
    assert_eq!(first, second);
}

#[test]
fn tables_are_written_to_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.fits");
    let table = Table::new(vec![Column::new("RADeg", vec![1.5f64]).with_unit("deg")]);
    write_table(&path, &table).unwrap();
    let read = FitsFile::open(&path).unwrap().first_table().unwrap();
    assert_eq!(read.columns, table.columns);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}
