//! Any bytes as a catalogue: FITS table, CSV or DS9 regions by the first byte. What was read has one value a row in
//! every column and a position on the sky, or is refused.
#![no_main]

use arcmin_maps::Catalogue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, bytes)) = bytes.split_first() else { return };
    let extension = ["fits", "csv", "reg"][usize::from(kind) % 3];
    let path = std::env::temp_dir().join(format!("arcmin-fuzz-{}.{extension}", std::process::id()));
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    let read = Catalogue::read(&path);
    std::fs::remove_file(&path).expect("it was just written");
    let Ok(catalogue) = read else { return };
    for column in catalogue.columns() {
        assert_eq!(column.values.len(), catalogue.len(), "{}", column.name);
    }
    for position in catalogue.positions() {
        assert!(position.lon_deg().is_finite() && position.lat_deg().abs() <= 90.0);
    }
});
