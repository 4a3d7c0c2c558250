//! The device that GPU tests run on.

use candle_core::Device;
use std::io::Write;

/// The first CUDA device, or none and a line that says so.
pub(crate) fn gpu(test: &str) -> Option<Device> {
    match Device::new_cuda(0) {
        Ok(device) => Some(device),
        Err(error) => {
            let first_line = error.to_string().lines().next().unwrap_or_default().to_owned();
            assert!(std::env::var_os("ARCMIN_REQUIRE_GPU").is_none(), "{test}: no GPU ({first_line})");
            writeln!(std::io::stderr(), "{test}: no GPU: skipped ({first_line})").expect("standard error is open");
            None
        }
    }
}
