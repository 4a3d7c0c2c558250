//! Random streams, each named by what it is drawn for.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// A generator whose bits are the same on every platform and release.
pub(crate) type Stream = Xoshiro256PlusPlus;

/// The stream of (seed, what, index): no other triple shares its bits.
pub(crate) fn stream(seed: u64, what: &str, index: u64) -> Stream {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(&index.to_le_bytes()).update(what.as_bytes());
    Stream::from_seed(*hasher.finalize().as_bytes())
}
