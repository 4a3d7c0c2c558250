//! Any bytes as a FITS file: every image is read, or refused with an error.
#![no_main]

use arcmin_fits::{FitsFile, Limits};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { gunzipped_bytes: 16 << 20, image_bytes: 16 << 20 };

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = FitsFile::from_bytes("fuzz.fits", bytes.to_vec(), LIMITS) else { return };
    for hdu in file.hdus() {
        if let Ok(image) = file.read_image(hdu.index) {
            let n_pixels: usize = image.axes.iter().product();
            assert_eq!(image.data.len(), n_pixels);
            assert_eq!(image.data.to_f32_with_nan().len(), n_pixels);
        }
    }
});
