//! An output that several threads write at once, and the sharing of work among them.

use rayon::prelude::*;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A slice that tasks write in pieces which are disjoint, but not contiguous: rows of one panel of columns.
///
/// Rayon's `par_chunks_mut` gives contiguous pieces only.
#[derive(Clone, Copy)]
pub(crate) struct SharedOutput<'a> {
    start: *mut f32,
    len: usize,
    slice: PhantomData<&'a mut [f32]>,
}

// SAFETY: the pointer comes from an exclusive borrow that lasts as long as `self`; all access goes through `at`, whose
// callers promise that no two threads touch the same element.
unsafe impl Send for SharedOutput<'_> {}
// SAFETY: as for `Send`.
unsafe impl Sync for SharedOutput<'_> {}

impl<'a> SharedOutput<'a> {
    pub(crate) fn new(slice: &'a mut [f32]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), slice: PhantomData }
    }

    /// Pointer to `n` elements from `offset` on.
    ///
    /// # Safety
    /// `offset + n` must not exceed the length, and while the pointer is used no other task may touch these elements.
    #[inline(always)]
    pub(crate) unsafe fn at(self, offset: usize, n: usize) -> *mut f32 {
        debug_assert!(offset + n <= self.len, "{offset} + {n} of {}", self.len);
        // SAFETY: the caller keeps the range inside the slice.
        unsafe { self.start.add(offset) }
    }

    /// Address of an element, for a hint alone.
    #[inline(always)]
    pub(crate) fn address(self, offset: usize) -> *const f32 {
        self.start.wrapping_add(offset)
    }

    /// The elements of a range as a slice.
    ///
    /// # Safety
    /// As [`SharedOutput::at`], and no pointer into the range may be in use.
    pub(crate) unsafe fn slice(self, offset: usize, n: usize) -> &'a mut [f32] {
        // SAFETY: the range lies in the borrowed slice, and the caller has it alone.
        unsafe { std::slice::from_raw_parts_mut(self.at(offset, n), n) }
    }
}

/// Runs `task(0) .. task(n_tasks - 1)` in parallel, each with a piece of scratch of its own.
///
/// The scratch is cut into as many pieces of `piece_len` as it holds; as many tasks run at once, and which task has which
/// piece is left to chance: a task must not read what an earlier one left there.
pub(crate) fn for_each_task(
    n_tasks: usize,
    scratch: &mut [f32],
    piece_len: usize,
    task: impl Fn(usize, &mut [f32]) + Sync,
) {
    if piece_len == 0 {
        (0..n_tasks).into_par_iter().with_max_len(1).for_each(|i| task(i, &mut []));
        return;
    }
    let next = AtomicUsize::new(0);
    scratch.par_chunks_exact_mut(piece_len).with_max_len(1).take(n_tasks).for_each(|piece| {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n_tasks {
                break;
            }
            task(i, piece);
        }
    });
}

/// Pieces of scratch that keep all threads at work.
pub(crate) fn n_pieces() -> usize {
    rayon::current_num_threads()
}

/// Numbers in a cache line.
pub(crate) const LINE: usize = 16;

/// Numbers that aligning a scratch slice may cost.
pub(crate) const ALIGNMENT_SLACK: usize = LINE;

/// The part of a scratch slice that begins on a cache line: vectors that straddle two lines take twice the time to load.
pub(crate) fn aligned(scratch: &mut [f32]) -> &mut [f32] {
    let skip = scratch.as_ptr().align_offset(LINE * size_of::<f32>()).min(scratch.len());
    &mut scratch[skip..]
}

/// The next multiple of a cache line.
pub(crate) fn whole_lines(n: usize) -> usize {
    n.next_multiple_of(LINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_with_a_piece_of_its_own() {
        for (n_tasks, n_pieces) in [(0, 1), (1, 3), (7, 2), (100, 3)] {
            let mut done = vec![0.0; n_tasks];
            let shared = SharedOutput::new(&mut done);
            let mut scratch = vec![0.0; n_pieces * 5];
            for_each_task(n_tasks, &mut scratch, 5, |i, piece| {
                assert_eq!(piece.len(), 5);
                piece.fill(i as f32);
                // SAFETY: task `i` alone touches element `i`.
                unsafe { *shared.at(i, 1) += 1.0 + piece[3] };
            });
            assert!(done.iter().enumerate().all(|(i, &d)| d == 1.0 + i as f32), "{n_tasks} {n_pieces}");
        }
    }

    #[test]
    fn aligned_scratch_begins_on_a_line() {
        let mut scratch = vec![0.0_f32; 100];
        for skip in 0..LINE {
            let part = aligned(&mut scratch[skip..]);
            assert_eq!(part.as_ptr() as usize % 64, 0);
            assert!(part.len() + ALIGNMENT_SLACK >= 100 - skip);
        }
    }
}
