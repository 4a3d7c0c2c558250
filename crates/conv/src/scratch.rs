//! Scratch that outlives a call.

use std::sync::{Mutex, PoisonError};

/// Scratch of finished calls. Memory from the system costs a page fault for every 4 KiB when it is touched first.
static POOL: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());
/// Buffers kept: passes that run side by side each take one.
const MAX_POOLED: usize = 4;

/// Lends scratch of at least `len` numbers, which may hold anything, to a pass of a [`Plan`](crate::Plan).
pub fn with_scratch<T>(len: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    let pooled = POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut scratch = pooled.unwrap_or_default();
    if scratch.len() < len {
        scratch = vec![0.0; len];
    }
    let result = work(&mut scratch);
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if pool.len() < MAX_POOLED {
        pool.push(scratch);
    }
    result
}
