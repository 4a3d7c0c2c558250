//! Any bytes as a FITS file: every table is read and has the rows it says, or is refused.
//! What was read can be written, unless FITS cannot hold it, and then reads the same.
#![no_main]

use arcmin_fits::{Column, FitsBuilder, FitsFile, Limits, Table};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { gunzipped_bytes: 16 << 20, image_bytes: 16 << 20 };

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = FitsFile::from_bytes("fuzz.fits", bytes.to_vec(), LIMITS) else { return };
    for hdu in file.hdus() {
        let Ok(table) = file.read_table(hdu.index) else { continue };
        for column in &table.columns {
            assert_eq!(column.data.len(), table.n_rows * column.repeat, "{}", column.name);
        }
        if let Ok(bytes) = FitsBuilder::new().table(&table).to_bytes() {
            let file = FitsFile::from_bytes("again.fits", bytes, LIMITS).expect("our own file opens");
            let again = file.read_table(1).expect("our own table reads");
            assert_eq!(names(&again), names(&table));
            assert_eq!(again.n_rows, table.n_rows);
        }
    }
});

fn names(table: &Table) -> Vec<(&str, usize)> {
    table.columns.iter().map(|Column { name, data, .. }| (name.trim_end(), data.len())).collect()
}
