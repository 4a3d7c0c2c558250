//! `GZIP_1` and `GZIP_2` tiles (FITS40 section 10.4.2).
//!
//! Both are gzip streams (RFC 1952) of big-endian numbers; `GZIP_2` first sorts the bytes by
//! significance, all highest bytes before all second ones, because neighbours' high bytes are
//! alike.

use flate2::read::MultiGzDecoder;
use std::io::Read;

/// Unpacks one gzip stream, its checksum checked, to at most `limit` bytes.
pub(crate) fn inflate(packed: &[u8], limit: usize) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed)
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| "not a valid gzip stream")?;
    if bytes.len() > limit {
        return Err("it unpacks to more pixels than the tile has");
    }
    Ok(bytes)
}

/// Puts the bytes of each number together again; `bytes` is a whole number of `width`s.
pub(crate) fn unshuffle(bytes: &[u8], width: usize) -> Vec<u8> {
    let n = bytes.len() / width;
    let mut out = vec![0; n * width];
    for (k, plane) in bytes.chunks_exact(n.max(1)).enumerate() {
        for (number, &byte) in out.chunks_exact_mut(width).zip(plane) {
            number[k] = byte;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unshuffle_interleaves_the_planes() {
        assert_eq!(unshuffle(&[1, 3, 5, 2, 4, 6], 2), [1, 2, 3, 4, 5, 6]);
        assert_eq!(unshuffle(&[], 4), [0u8; 0]);
        assert_eq!(unshuffle(&[7, 8], 1), [7, 8]);
    }
}
