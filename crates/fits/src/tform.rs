//! `TFORM`: the type and count of a table column (FITS40 section 7.3.1).

/// How one column is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TForm {
    /// Elements a row (of the descriptor type for lists: 0 or 1).
    pub(crate) repeat: usize,
    /// Type code of the elements, for lists that of their elements.
    pub(crate) code: u8,
    /// Whether a row holds a descriptor of a list in the heap.
    pub(crate) list: List,
}

/// Whether and how a column refers to the heap (FITS40 section 7.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// Values stand in the row itself.
    No,
    /// `P`: count and offset of 32 bits.
    P,
    /// `Q`: count and offset of 64 bits.
    Q,
}

impl TForm {
    /// Reads `rT`, `rPt(max)` or `rQt(max)`; `None` when it is none of these.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let repeat = if digits == 0 { 1 } else { text[..digits].parse().ok()? };
        let mut rest = text[digits..].bytes();
        let (code, list) = match rest.next()? {
            b'P' => (rest.next()?, List::P),
            b'Q' => (rest.next()?, List::Q),
            code => (code, List::No),
        };
        element_bits(code)?;
        if list != List::No && repeat > 1 {
            return None;
        }
        let form = Self { repeat, code, list };
        form.bytes_checked().map(|_| form)
    }

    /// Bytes of a row that the column takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes_checked().unwrap_or(0)
    }

    /// Bytes that `n` elements take in the row or the heap; `None` beyond all memory.
    pub(crate) fn element_bytes(&self, n: usize) -> Option<usize> {
        Some(n.checked_mul(element_bits(self.code)?)?.div_ceil(8))
    }

    fn bytes_checked(&self) -> Option<usize> {
        match self.list {
            List::No => self.element_bytes(self.repeat),
            List::P => Some(8 * self.repeat),
            List::Q => Some(16 * self.repeat),
        }
    }
}

fn element_bits(code: u8) -> Option<usize> {
    Some(match code {
        b'X' => 1,
        b'L' | b'B' | b'A' => 8,
        b'I' => 16,
        b'J' | b'E' => 32,
        b'K' | b'D' | b'C' => 64,
        b'M' => 128,
        _ => return None,
    })
}
