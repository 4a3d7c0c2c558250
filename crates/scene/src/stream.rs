//! Random streams: every draw has its own, named by what is drawn.
//!
//! A stream is derived from (seed, split, tile, what, index) alone. So the bits of a sky do not depend on the number
//! of threads, on the order in which tiles are asked for, or on which other components are switched on.

use crate::{Component, Split};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// What a stream is drawn for; the number beside it is the row, shell or band that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draw {
    /// One column of the Fourier plane of a Gaussian component.
    Field {
        /// The component.
        component: Component,
        /// Column of the Fourier plane.
        kx: usize,
    },
    /// The haloes of one redshift shell.
    Haloes {
        /// Number of the shell.
        shell: usize,
    },
    /// One row of white noise of one band.
    Noise {
        /// Number of the band.
        band_idx: usize,
        /// Row of the tile.
        row: usize,
    },
    /// The power of a field whose power differs from tile to tile.
    FieldPower {
        /// The component.
        component: Component,
    },
    /// One column of the Fourier plane of 1/f noise.
    OneOverF {
        /// Number of the band.
        band_idx: usize,
        /// Column of the Fourier plane.
        kx: usize,
    },
    /// Anything of a component that is painted source by source or halo by halo.
    Painted {
        /// The component.
        component: Component,
        /// What is drawn; a component numbers its draws itself.
        what: u8,
        /// Row, shell or block that it belongs to.
        index: usize,
    },
    /// The concentrations of the haloes of one redshift shell.
    Concentrations {
        /// Number of the shell.
        shell: usize,
    },
    /// The velocities of the haloes of one redshift shell.
    Velocities {
        /// Number of the shell.
        shell: usize,
    },
    /// One order of the spherical harmonics of a Gaussian component of a full sky.
    Harmonic {
        /// The component.
        component: Component,
        /// The order.
        m: usize,
    },
    /// One ring of white noise of one band of a full sky.
    RingNoise {
        /// Number of the band.
        band_idx: usize,
        /// Number of the ring.
        ring: u64,
    },
    /// Something of the cluster of a cutout.
    Cutout {
        /// What of it.
        what: CutoutDraw,
        /// Epoch of a training.
        epoch: u64,
    },
    /// One plane of the density field.
    Density {
        /// Number of the plane.
        plane: usize,
    },
    /// Anything of one cluster that is drawn on its own, not as a halo of a tile.
    Cluster {
        /// What is drawn; the cluster model numbers its draws itself.
        what: u8,
        /// Shell or block that it belongs to.
        index: usize,
    },
}

/// What is drawn of the cluster of a cutout; the numbers must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CutoutDraw {
    Mass = 0,
    Redshift = 1,
    Amplitude = 2,
    Fields = 3,
}

impl Draw {
    /// Three words that no other draw shares.
    fn words(self) -> [u64; 3] {
        match self {
            Draw::Field { component, kx } => [1, component.code(), kx as u64],
            Draw::Haloes { shell } => [2, 0, shell as u64],
            Draw::Noise { band_idx, row } => [3, band_idx as u64, row as u64],
            Draw::FieldPower { component } => [4, component.code(), 0],
            Draw::OneOverF { band_idx, kx } => [5, band_idx as u64, kx as u64],
            Draw::Painted { component, what, index } => [6, component.code() << 8 | u64::from(what), index as u64],
            Draw::Concentrations { shell } => [7, 0, shell as u64],
            Draw::Velocities { shell } => [8, 0, shell as u64],
            Draw::Density { plane } => [9, 0, plane as u64],
            Draw::Cutout { what, epoch } => [31, what as u64, epoch],
            Draw::Harmonic { component, m } => [20, component.code(), m as u64],
            Draw::RingNoise { band_idx, ring } => [21, band_idx as u64, ring],
            Draw::Cluster { what, index } => [30, u64::from(what), index as u64],
        }
    }
}

/// One tile's name among all tiles: the root of its random streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileKey {
    /// Seed of the experiment.
    pub seed: u64,
    /// Split that the tile belongs to.
    pub split: Split,
    /// Number of the tile within its split.
    pub tile: u64,
}

impl TileKey {
    /// The generator of one draw of this tile.
    ///
    /// All 256 bits of the state are derived, each word by its own chain: with a 64-bit derivation two among the
    /// 10^9 rows of a large survey would share a stream with a chance of some per cent.
    pub(crate) fn stream(self, draw: Draw) -> Xoshiro256PlusPlus {
        let [what, which, index] = draw.words();
        let mut seed = [0u8; 32];
        for (word_idx, word) in seed.chunks_exact_mut(8).enumerate() {
            let key = [self.seed, self.split.code(), self.tile, what, which, index];
            let hash = key.iter().fold(word_idx as u64, |state, &part| mix(mix(state) ^ part));
            word.copy_from_slice(&mix(hash).to_le_bytes());
        }
        Xoshiro256PlusPlus::from_seed(seed)
    }
}

/// One step of SplitMix64 (Steele, Lea & Flood 2014): a bijection of 64 bits that scatters every input bit.
fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;
    use std::collections::HashSet;

    const KEY: TileKey = TileKey { seed: 7, split: Split::Train, tile: 3 };

    #[test]
    fn every_draw_has_its_own_stream() {
        let mut first_words = HashSet::new();
        let mut count = 0;
        for split in Split::ALL {
            for tile in 0..4 {
                let key = TileKey { split, tile, ..KEY };
                for index in 0..50 {
                    let mut draws = vec![Draw::Haloes { shell: index }, Draw::Noise { band_idx: 0, row: index }];
                    draws.push(Draw::Noise { band_idx: 1, row: index });
                    draws.push(Draw::RingNoise { band_idx: 1, ring: index as u64 });
                    draws.push(Draw::Harmonic { component: Component::Cmb, m: index });
                    draws.extend(Component::ALL.map(|component| Draw::Field { component, kx: index }));
                    draws.extend([Draw::Concentrations { shell: index }, Draw::Velocities { shell: index }]);
                    draws.extend([Draw::Density { plane: index }, Draw::OneOverF { band_idx: 0, kx: index }]);
                    draws.extend((0..6).map(|what| Draw::Cluster { what, index }));
                    use CutoutDraw::{Amplitude, Fields, Mass, Redshift};
                    let of_cluster = [Mass, Redshift, Amplitude, Fields];
                    draws.extend(of_cluster.map(|what| Draw::Cutout { what, epoch: index as u64 }));
                    for what in 0..2 {
                        draws.extend(Component::ALL.map(|component| Draw::Painted { component, what, index }));
                    }
                    if index == 0 {
                        draws.extend(Component::ALL.map(|component| Draw::FieldPower { component }));
                    }
                    for draw in draws {
                        first_words.insert(key.stream(draw).next_u64());
                        count += 1;
                    }
                }
            }
        }
        assert_eq!(first_words.len(), count);
    }

    #[test]
    fn streams_are_pinned() {
        let words = [Draw::Haloes { shell: 2 }, Draw::Noise { band_idx: 1, row: 5 }].map(|d| KEY.stream(d).next_u64());
        assert_eq!(
            words,
            [11_562_218_753_800_640_197, 8_913_498_642_347_914_201],
            "a change of these bits changes every simulated sky"
        );
    }
}
