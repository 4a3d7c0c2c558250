//! The header of an HDU: ordered cards with typed access.

use crate::card::{CARD_BYTES, Card, Value};
use crate::write::is_structural;
use crate::{Error, Place};

/// FITS files are made of blocks of this many bytes.
pub(crate) const BLOCK_BYTES: usize = 2880;
/// More cards than any real header has: a limit on the work a hostile file can ask for.
const CARDS_MAX: usize = 36_000;

/// The cards of one HDU, in their order.
///
/// A header read from a file remembers which one, so that errors can name it.
#[derive(Clone, Debug, Default)]
pub struct Header {
    cards: Vec<Card>,
    place: Place,
}

impl PartialEq for Header {
    /// Two headers are equal when their cards are, wherever they come from.
    fn eq(&self, other: &Self) -> bool {
        self.cards == other.cards
    }
}

impl Header {
    /// A header without cards; writers add the structural ones.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the header was read from.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The cards in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Card> {
        self.cards.iter()
    }

    /// The value of the first card with this keyword.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let card = self.cards.iter().find(|card| card.key == key)?;
        card.value.as_ref()
    }

    /// Whether the keyword is there.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A number; `None` when the keyword is absent or has no value.
    ///
    /// # Errors
    /// [`Error::BadKeyword`] when the value is not a finite number.
    pub fn get_f64(&self, key: &str) -> Result<Option<f64>, Error> {
        match self.get(key) {
            None | Some(Value::Undefined) => Ok(None),
            Some(Value::Float(number)) => Ok(Some(*number)),
            Some(Value::Int(number)) => Ok(Some(*number as f64)),
            Some(other) => Err(self.bad(key, other, "a finite number")),
        }
    }

    /// A whole number; `None` when the keyword is absent or has no value.
    ///
    /// # Errors
    /// [`Error::BadKeyword`] when the value is not a whole number; `3.0` is one.
    pub fn get_i64(&self, key: &str) -> Result<Option<i64>, Error> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self.get(key) {
            None | Some(Value::Undefined) => Ok(None),
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Float(x)) if x.fract() == 0.0 && x.abs() < EXACT => Ok(Some(*x as i64)),
            Some(other) => Err(self.bad(key, other, "a whole number")),
        }
    }

    /// A truth value; `None` when the keyword is absent or has no value.
    ///
    /// # Errors
    /// [`Error::BadKeyword`] when the value is not `T` or `F`.
    pub fn get_bool(&self, key: &str) -> Result<Option<bool>, Error> {
        match self.get(key) {
            None | Some(Value::Undefined) => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            Some(other) => Err(self.bad(key, other, "T or F")),
        }
    }

    /// A text; `None` when the keyword is absent or has no value.
    ///
    /// # Errors
    /// [`Error::BadKeyword`] when the value is not text between quotes.
    pub fn get_str(&self, key: &str) -> Result<Option<&str>, Error> {
        match self.get(key) {
            None | Some(Value::Undefined) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.bad(key, other, "text between quotes")),
        }
    }

    /// Sets a keyword: in its place when it is there, else at the end.
    ///
    /// Keywords longer than eight characters, or of several words, become `HIERARCH` cards.
    ///
    /// # Errors
    /// [`Error::BadCard`] when FITS cannot hold it: lower-case keywords, text that is not
    /// printable ASCII, NaN or infinite numbers.
    pub fn set(&mut self, key: &str, value: impl Into<Value>, comment: &str) -> Result<(), Error> {
        let card = Card::checked(key, Some(value.into()), comment)?;
        match self.cards.iter().position(|old| old.key == key) {
            Some(at) => self.cards[at] = card,
            None => self.cards.push(card),
        }
        Ok(())
    }

    /// Adds a `COMMENT`, `HISTORY` or blank (`""`) card; long text takes several lines.
    ///
    /// # Errors
    /// [`Error::BadCard`] for another keyword or text that is not printable ASCII.
    pub fn add_commentary(&mut self, key: &str, text: &str) -> Result<(), Error> {
        self.cards.push(Card::checked(key, None, text)?);
        Ok(())
    }

    /// Removes every card with this keyword.
    pub fn remove(&mut self, key: &str) {
        self.cards.retain(|card| card.key != key);
    }

    /// A number that must be there.
    pub(crate) fn need_i64(&self, key: &str, needed_for: &'static str) -> Result<i64, Error> {
        self.get_i64(key)?.ok_or_else(|| Error::MissingKeyword {
            place: self.place.clone(),
            key: key.to_owned(),
            needed_for,
        })
    }

    /// A count or length: a whole number that is not negative and fits in memory.
    pub(crate) fn need_usize(&self, key: &str, needed_for: &'static str) -> Result<usize, Error> {
        let number = self.need_i64(key, needed_for)?;
        usize::try_from(number).map_err(|_| self.bad(key, &Value::Int(number), "zero or a positive number"))
    }

    /// Like [`Header::need_usize`], with a default for an absent keyword.
    pub(crate) fn usize_or(&self, key: &str, default: usize) -> Result<usize, Error> {
        match self.get_i64(key)? {
            None => Ok(default),
            Some(_) => self.need_usize(key, ""),
        }
    }

    pub(crate) fn bad(&self, key: &str, value: &Value, expected: &'static str) -> Error {
        Error::BadKeyword {
            place: self.place.clone(),
            key: key.to_owned(),
            value: match value {
                Value::Text(text) => format!("'{text}'"),
                Value::Raw(text) => text.clone(),
                Value::Bool(truth) => if *truth { "T" } else { "F" }.to_owned(),
                Value::Int(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                Value::Undefined => "(nothing)".to_owned(),
            },
            expected,
        }
    }

    /// Adds the cards of another header, but those that describe the storage of its data.
    pub(crate) fn extend_with(&mut self, other: &Header) {
        let cards = other.cards.iter().filter(|card| !is_structural(&card.key));
        self.cards.extend(cards.cloned());
    }

    /// Builds a header of the same origin from some of these cards.
    pub(crate) fn with_cards(&self, cards: Vec<Card>) -> Self {
        Self { cards, place: self.place.clone() }
    }

    /// Reads the header at the beginning of `bytes`; also gives its length in whole blocks.
    pub(crate) fn parse(bytes: &[u8], place: Place) -> Result<(Self, usize), Error> {
        let mut cards: Vec<Card> = Vec::new();
        for (n, line) in bytes.chunks_exact(CARD_BYTES).take(CARDS_MAX).enumerate() {
            if line.starts_with(b"END") && line[3..].iter().all(|&b| b == b' ') {
                let len = ((n + 1) * CARD_BYTES).next_multiple_of(BLOCK_BYTES);
                return Ok((Self { cards, place }, len));
            }
            push_parsed(&mut cards, Card::parse(line));
        }
        let cards = (bytes.len() / CARD_BYTES).min(CARDS_MAX);
        Err(Error::NoEnd { place, cards })
    }

    /// The header as whole blocks, END included.
    pub(crate) fn to_blocks(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity((self.cards.len() + 1) * CARD_BYTES);
        for card in &self.cards {
            card.write(&mut out);
        }
        out.extend(b"END");
        out.resize(out.len().next_multiple_of(BLOCK_BYTES), b' ');
        out
    }
}

/// Adds a card, or joins a `CONTINUE` to the text it continues (FITS40 section 4.2.1.2).
fn push_parsed(cards: &mut Vec<Card>, card: Card) {
    if card.key == "CONTINUE" {
        let Some(last) = cards.last_mut() else { return };
        if let (Some(Value::Text(text)), Some(Value::Text(more))) = (&mut last.value, &card.value)
            && text.ends_with('&')
        {
            text.pop();
            text.push_str(more);
            last.comment.push_str(&card.comment);
        }
        return;
    }
    cards.push(card);
}
