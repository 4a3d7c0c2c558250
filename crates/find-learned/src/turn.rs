//! The eight ways in which a square lies on itself.

/// One of the eight ways in which a square lies on itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    is_transposed: bool,
    is_flipped_x: bool,
    is_flipped_y: bool,
}

impl Turn {
    /// The way with a number below 8; zero leaves all as it is.
    pub fn new(number: u64) -> Self {
        Self { is_transposed: number & 1 != 0, is_flipped_x: number & 2 != 0, is_flipped_y: number & 4 != 0 }
    }

    /// Pixels `[y, x, channel]` of a square, turned.
    pub fn apply(self, pixels: &[f32], n_channels: usize) -> Vec<f32> {
        let side = (pixels.len() / n_channels.max(1)).isqrt();
        let flip = |is_flipped: bool, at: usize| if is_flipped { side - 1 - at } else { at };
        let mut turned = Vec::with_capacity(pixels.len());
        for y in 0..side {
            for x in 0..side {
                let (from_x, from_y) = (flip(self.is_flipped_x, x), flip(self.is_flipped_y, y));
                let (from_x, from_y) = if self.is_transposed { (from_y, from_x) } else { (from_x, from_y) };
                let first = (from_y * side + from_x) * n_channels;
                turned.extend_from_slice(&pixels[first..first + n_channels]);
            }
        }
        turned
    }

    /// Where a position along x and y, each from 0 to 1 across the square, comes to lie.
    pub fn position(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (x, y) = if self.is_transposed { (y, x) } else { (x, y) };
        [if self.is_flipped_x { 1.0 - x } else { x }, if self.is_flipped_y { 1.0 - y } else { y }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eight_turns_differ_and_move_pixels_alone() {
        let pixels: Vec<f32> = (0..32 * 32 * 2).map(|i| i as f32).collect();
        let turned: Vec<Vec<f32>> = (0..8).map(|number| Turn::new(number).apply(&pixels, 2)).collect();
        assert_eq!(turned[0], pixels);
        for (number, image) in turned.iter().enumerate() {
            assert!(turned[..number].iter().all(|other| other != image), "{number}");
            // Bands stay together, and all pixels are there.
            assert!(image.chunks(2).all(|pair| pair[1] == pair[0] + 1.0));
            let mut sorted = image.clone();
            sorted.sort_by(f32::total_cmp);
            assert_eq!(sorted, pixels);
        }
    }

    #[test]
    fn positions_go_where_their_pixels_go() {
        let mut pixels = vec![0.0; 16 * 16];
        pixels[3 * 16 + 5] = 1.0;
        for number in 0..8 {
            let turn = Turn::new(number);
            let at = turn.apply(&pixels, 1).iter().position(|&pixel| pixel == 1.0).expect("moved");
            let [x, y] = turn.position([5.5 / 16.0, 3.5 / 16.0]).map(|position| (position * 16.0).floor() as usize);
            assert_eq!((at % 16, at / 16), (x, y), "{number}");
        }
    }
}
