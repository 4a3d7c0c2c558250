//! Checksums of input files, for the record of a run.

use std::io;
use std::path::Path;

/// Size and BLAKE3 checksum of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 digest in hexadecimal.
    pub blake3: String,
}

/// Reads the file once and returns its size and checksum.
///
/// # Errors
/// Whatever the operating system says; the caller names the file.
pub fn checksum(path: &Path) -> io::Result<Checksum> {
    let mut hasher = blake3::Hasher::new();
    let mut file = std::fs::File::open(path)?;
    let bytes = io::copy(&mut file, &mut hasher)?;
    Ok(Checksum { bytes, blake3: hasher.finalize().to_hex().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_of_the_empty_file_is_the_published_one() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let sum = checksum(file.path()).expect("readable");
        assert_eq!(sum.bytes, 0);
        assert_eq!(sum.blake3, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
    }
}
