//! The SPT-SZ 100 deg2 Compton-y map as released, where the data folder is at hand.

use arcmin_fits::FitsFile;
use std::path::Path;

const CRC32: u32 = 1816298466;
const CENTRE: f64 = -1.689383411713781e-06;
const STD: f64 = 1.089341128977577e-06;

/// Values by astropy 8.0.2: `d = fits.getdata(path)`, then the lines named below.
#[test]
fn spt_ymap_unpacks_to_what_astropy_reads() {
    let Some(folder) = std::env::var_os("ARCMIN_DATA") else {
        #[expect(clippy::print_stderr, reason = "a test that does nothing has to say so")]
        {
            eprintln!("SKIPPED: ARCMIN_DATA is not set, the SPT map is not read");
        }
        return;
    };
    let path = Path::new(&folder).join("data/spt100d_ymap/ymv_full_proj0.fits");
    let image = FitsFile::open(path).unwrap().first_image().unwrap();
    assert_eq!(image.shape_yx().unwrap(), (1560, 1560));
    assert_eq!(image.header.get_str("CTYPE1").unwrap(), Some("RA---SFL"));
    let d = image.data.to_f64_with_nan();
    let mut crc = flate2::Crc::new();
    d.iter().for_each(|x| crc.update(&x.to_be_bytes()));
    // zlib.crc32(d.astype('>f8').tobytes())
    assert_eq!(crc.sum(), CRC32);
    // d[780, 780], d.std()
    assert_eq!(d[780 * 1560 + 780], CENTRE);
    let mean = d.iter().sum::<f64>() / d.len() as f64;
    let std = (d.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / d.len() as f64).sqrt();
    assert!((std / STD - 1.0).abs() < 1e-9, "{std}");
}
