//! `RICE_1` tiles (FITS40 section 10.4.1; Rice93).
//!
//! The stream holds the first pixel as it is, then blocks of differences of neighbours. A block
//! tells in a few bits how many low bits `fs` of each (zigzag-coded) difference stand as they
//! are; the high part is a count of zeros before a one. Two codes are special: all differences
//! zero, and differences written in full because they do not compress.

/// Unpacks `n` pixels of `bytes_a_pixel` (1, 2 or 4) bytes in blocks of `block` pixels.
///
/// 1-byte pixels are unsigned, the others signed, as FITS images of that depth are.
pub(crate) fn decode(packed: &[u8], n: usize, bytes_a_pixel: usize, block: usize) -> Result<Vec<i32>, &'static str> {
    let code = Code::of(bytes_a_pixel).ok_or("BYTEPIX is not 1, 2 or 4")?;
    if block == 0 || n.div_ceil(block) > packed.len().saturating_mul(8) {
        return Err("it is too short for its pixels");
    }
    let mut bits = Bits::new(packed);
    let mut last = bits.take(code.full_bits)?;
    let mut pixels = Vec::with_capacity(n);
    while pixels.len() < n {
        let len = block.min(n - pixels.len());
        decode_block(&mut bits, code, len, &mut last, &mut pixels)?;
    }
    Ok(pixels)
}

fn decode_block(
    bits: &mut Bits<'_>,
    code: Code,
    len: usize,
    last: &mut u32,
    pixels: &mut Vec<i32>,
) -> Result<(), &'static str> {
    let split = bits.take(code.split_bits)?;
    for _ in 0..len {
        let zigzag = match split {
            0 => 0,
            s if s == code.full_split + 1 => bits.take(code.full_bits)?,
            s if s > code.full_split => return Err("its Rice code is out of range"),
            s => (bits.zeros()? << (s - 1)) | bits.take(s - 1)?,
        };
        let difference = (zigzag >> 1) ^ (zigzag & 1).wrapping_neg();
        *last = last.wrapping_add(difference);
        pixels.push(code.pixel(*last));
    }
    Ok(())
}

/// The constants of one pixel depth.
#[derive(Clone, Copy)]
struct Code {
    /// Bits that tell how a block is coded.
    split_bits: u32,
    /// Largest number of low bits; one more stands for differences in full.
    full_split: u32,
    /// Bits of a whole pixel.
    full_bits: u32,
}

impl Code {
    fn of(bytes_a_pixel: usize) -> Option<Self> {
        let (split_bits, full_split, full_bits) = match bytes_a_pixel {
            1 => (3, 6, 8),
            2 => (4, 14, 16),
            4 => (5, 25, 32),
            _ => return None,
        };
        Some(Self { split_bits, full_split, full_bits })
    }

    /// Differences add up modulo the depth; here it becomes a signed (8 bits: unsigned) number.
    fn pixel(self, sum: u32) -> i32 {
        match self.full_bits {
            8 => i32::from(sum as u8),
            16 => i32::from(sum as u16 as i16),
            _ => sum as i32,
        }
    }
}

/// Reads bits, the highest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    /// The next `count` bits, left-aligned; below them zeros.
    window: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, window: 0, count: 0 }
    }

    fn refill(&mut self) {
        while self.count <= 56 {
            let Some((&byte, rest)) = self.bytes.split_first() else { return };
            self.window |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.bytes = rest;
        }
    }

    /// The next `n` <= 32 bits as a number.
    fn take(&mut self, n: u32) -> Result<u32, &'static str> {
        if n == 0 {
            return Ok(0);
        }
        if self.count < n {
            self.refill();
        }
        if self.count < n {
            return Err("it ends too early");
        }
        let value = (self.window >> (64 - n)) as u32;
        self.drop(n);
        Ok(value)
    }

    /// Counts zeros up to the next one, and passes both.
    fn zeros(&mut self) -> Result<u32, &'static str> {
        let mut zeros = 0u32;
        loop {
            self.refill();
            let here = self.window.leading_zeros();
            if here < self.count {
                self.drop(here + 1);
                return Ok(zeros.wrapping_add(here));
            }
            if self.count == 0 {
                return Err("it ends too early");
            }
            zeros = zeros.wrapping_add(self.count);
            self.drop(self.count);
        }
    }

    fn drop(&mut self, n: u32) {
        self.window = self.window.checked_shl(n).unwrap_or(0);
        self.count -= n;
    }
}
