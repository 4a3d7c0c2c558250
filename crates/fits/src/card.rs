//! One 80-character line of a header (FITS40 section 4).

use crate::Error;

/// Length of a card in bytes.
pub(crate) const CARD_BYTES: usize = 80;
/// The longest text that fits between the quotes of one card.
const TEXT_MAX: usize = 68;
/// The longest `HIERARCH` name that leaves room for any number; longer ones stay commentary.
const LONG_KEY_MAX: usize = 44;

/// The value of a keyword.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// `T` or `F`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or exponent.
    Float(f64),
    /// Text between quotes, long strings joined, blanks at its end removed.
    Text(String),
    /// A keyword with an equals sign and nothing after it.
    Undefined,
    /// Something FITS does not define (`NaN`, a complex number), kept as it stands.
    Raw(String),
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}
impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Value::Int(value.into())
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Float(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

/// Keyword, value and comment. Commentary (`COMMENT`, `HISTORY`, blank) has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub(crate) key: String,
    pub(crate) value: Option<Value>,
    pub(crate) comment: String,
}

impl Card {
    /// The keyword in capitals, empty for a blank one.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value; `None` for commentary.
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// The comment, or the text of a commentary card.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// Checks that FITS can hold this card before it enters a header.
    pub(crate) fn checked(key: &str, value: Option<Value>, comment: &str) -> Result<Self, Error> {
        let bad = |reason| Error::BadCard { key: key.to_owned(), reason };
        if !key_is_valid(key, value.is_some()) {
            return Err(bad("keywords are made of A-Z, 0-9, - and _, with single blanks only in HIERARCH ones"));
        }
        if is_reserved(key) {
            return Err(bad("this keyword belongs to the format itself"));
        }
        if !is_printable(comment) {
            return Err(bad("the comment is not plain printable ASCII"));
        }
        match &value {
            Some(Value::Text(text) | Value::Raw(text)) if !is_printable(text) => {
                return Err(bad("the text is not plain printable ASCII"));
            }
            Some(Value::Float(number)) if !number.is_finite() => {
                return Err(bad("FITS headers hold no NaN or infinity: leave the keyword out"));
            }
            _ => {}
        }
        if key.len() > LONG_KEY_MAX {
            return Err(bad("the keyword is longer than 44 characters"));
        }
        let value = match value {
            Some(Value::Text(text)) => Some(Value::Text(text.trim_end().to_owned())),
            other => other,
        };
        Ok(Self { key: key.to_owned(), value, comment: comment.trim_end().to_owned() })
    }

    /// Reads one card; bytes outside printable ASCII become `?`.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text: String = bytes.iter().map(|&b| if (0x20..0x7f).contains(&b) { char::from(b) } else { '?' }).collect();
        let (key, rest) = text.split_at(text.len().min(8));
        let key = key.trim_end();
        if key == "HIERARCH" {
            if let Some((name, value)) = rest.split_once('=')
                && (1..=LONG_KEY_MAX).contains(&name.trim().len())
            {
                return Self::with_value(&name.trim().to_ascii_uppercase(), value);
            }
        } else if key == "CONTINUE" {
            return Self::with_value(key, rest);
        } else if let Some(value) = rest.strip_prefix("= ") {
            let key = key.to_ascii_uppercase();
            if is_standard_key(&key) {
                return Self::with_value(&key, value);
            }
        }
        Self { key: key.to_owned(), value: None, comment: rest.trim_end().to_owned() }
    }

    fn with_value(key: &str, rest: &str) -> Self {
        let (value, comment) = split_value(rest.trim());
        Self { key: key.to_owned(), value: Some(value), comment: comment.to_owned() }
    }

    /// Appends the card as one or, for long strings and commentary, several lines.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match &self.value {
            None => self.write_commentary(out),
            Some(Value::Text(text)) => self.write_text(text, out),
            Some(value) => {
                let line = format!("{}{:>20}", self.head(), format_number(value));
                push_card(&with_comment(line, &self.comment), out);
            }
        }
    }

    /// What stands before the value: `KEYWORD = `, or `HIERARCH long name = `.
    fn head(&self) -> String {
        if is_standard_key(&self.key) { format!("{:<8}= ", self.key) } else { format!("HIERARCH {} = ", self.key) }
    }

    fn write_commentary(&self, out: &mut Vec<u8>) {
        let mut rest = self.comment.as_str();
        loop {
            let (line, tail) = rest.split_at(rest.len().min(CARD_BYTES - 8));
            push_card(&format!("{:<8}{line}", self.key), out);
            rest = tail;
            if rest.is_empty() {
                return;
            }
        }
    }

    fn write_text(&self, text: &str, out: &mut Vec<u8>) {
        let mut head = self.head();
        let quoted = text.replace('\'', "''");
        if head.len() + quoted.len() + 2 <= CARD_BYTES {
            let line = format!("{head}{:<20}", format!("'{quoted:<8}'"));
            return push_card(&with_comment(line, &self.comment), out);
        }
        let mut rest = text;
        while !rest.is_empty() {
            let room = TEXT_MAX + 9 - head.len();
            let (piece, tail) = rest.split_at(fitting(rest, room));
            rest = tail;
            let more = if rest.is_empty() { "" } else { "&" };
            let line = format!("{head}'{}{more}'", piece.replace('\'', "''"));
            let line = if rest.is_empty() { with_comment(line, &self.comment) } else { line };
            push_card(&line, out);
            head = "CONTINUE  ".to_owned();
        }
    }
}

/// How many bytes of `text` fit into `room` once its quotes are doubled.
fn fitting(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += if c == '\'' { 2 } else { 1 };
        if used > room {
            return at;
        }
    }
    text.len()
}

/// Commentary keywords may repeat and carry no value.
pub(crate) fn is_commentary(key: &str) -> bool {
    matches!(key, "" | "COMMENT" | "HISTORY")
}

/// Whether a keyword with a value fits the eight characters that FITS reserves for it.
fn is_standard_key(key: &str) -> bool {
    key.len() <= 8 && !key.contains(' ') && key_is_valid(key, true) && !is_reserved(key)
}

/// Keywords that belong to the format itself.
fn is_reserved(key: &str) -> bool {
    matches!(key, "END" | "CONTINUE" | "HIERARCH")
}

fn key_is_valid(key: &str, has_value: bool) -> bool {
    if !has_value {
        return is_commentary(key);
    }
    let of_key = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    !is_commentary(key) && key.split(' ').all(|word| !word.is_empty() && word.chars().all(of_key))
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

/// Splits what follows the equals sign into value and comment.
fn split_value(rest: &str) -> (Value, &str) {
    if let Some(inner) = rest.strip_prefix('\'') {
        if let Some((text, tail)) = split_quoted(inner) {
            return (Value::Text(text), comment_of(tail));
        }
        return (Value::Raw(rest.to_owned()), "");
    }
    let (value, comment) = rest.split_once('/').unwrap_or((rest, ""));
    (parse_value(value.trim()), comment.trim())
}

fn split_quoted(inner: &str) -> Option<(String, &str)> {
    let mut end = 0;
    loop {
        end += inner[end..].find('\'')?;
        if !inner[end + 1..].starts_with('\'') {
            let text = inner[..end].replace("''", "'");
            return Some((text.trim_end().to_owned(), &inner[end + 1..]));
        }
        end += 2;
    }
}

fn comment_of(tail: &str) -> &str {
    let tail = tail.trim();
    tail.strip_prefix('/').unwrap_or(tail).trim()
}

fn parse_value(text: &str) -> Value {
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b"+-.EeDd".contains(&b));
    match text {
        "" => Value::Undefined,
        "T" => Value::Bool(true),
        "F" => Value::Bool(false),
        _ if !is_number => Value::Raw(text.to_owned()),
        _ => text.parse().map(Value::Int).unwrap_or_else(|_| parse_float(text)),
    }
}

/// Fortran's `D` exponent is allowed; a number beyond the range of `f64` stays raw.
fn parse_float(text: &str) -> Value {
    match text.replace(['D', 'd'], "E").parse::<f64>() {
        Ok(number) if number.is_finite() => Value::Float(number),
        _ => Value::Raw(text.to_owned()),
    }
}

fn format_number(value: &Value) -> String {
    match value {
        Value::Bool(true) => "T".to_owned(),
        Value::Bool(false) => "F".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format_float(*number),
        Value::Text(text) | Value::Raw(text) => text.clone(),
        Value::Undefined => String::new(),
    }
}

/// The shortest digits that give the same `f64` again, always with a point.
fn format_float(number: f64) -> String {
    let text = format!("{number:?}").replace('e', "E");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

fn with_comment(line: String, comment: &str) -> String {
    if comment.is_empty() { line } else { format!("{line} / {comment}") }
}

/// A comment that does not fit is cut at the end of the card, as everybody does.
fn push_card(line: &str, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend(line.bytes().take(CARD_BYTES));
    out.resize(start + CARD_BYTES, b' ');
}
