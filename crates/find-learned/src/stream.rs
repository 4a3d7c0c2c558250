//! Random numbers by what they are for.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The stream of (seed, what, epoch, index): no other four share its bits.
pub fn stream(seed: u64, what: &str, epoch: u64, index: u64) -> Xoshiro256PlusPlus {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(&epoch.to_le_bytes()).update(&index.to_le_bytes());
    Xoshiro256PlusPlus::from_seed(*hasher.update(what.as_bytes()).finalize().as_bytes())
}
