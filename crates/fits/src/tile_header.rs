//! The header of a tile-compressed image, turned back into that of the image (FITS40 section
//! 10.1.2).

use crate::Header;
use crate::card::{Card, Value};

/// Cards of the image as it was before compression.
pub(crate) fn image_header(header: &Header) -> Header {
    let is_primary = header.contains("ZSIMPLE");
    let mut cards: Vec<Card> = Vec::new();
    if !is_primary && !header.contains("ZTENSION") {
        cards.push(Card {
            key: "XTENSION".to_owned(),
            value: Some("IMAGE".into()),
            comment: "image extension".to_owned(),
        });
    }
    for card in header.iter() {
        if let Some(key) = image_key(card) {
            cards.push(Card { key, ..card.clone() });
        }
    }
    header.with_cards(cards)
}

/// What a card is called in the image; `None` when it belongs to the table alone.
fn image_key(card: &Card) -> Option<String> {
    const RENAMED: [(&str, &str); 9] = [
        ("ZBITPIX", "BITPIX"),
        ("ZNAXIS", "NAXIS"),
        ("ZSIMPLE", "SIMPLE"),
        ("ZTENSION", "XTENSION"),
        ("ZEXTEND", "EXTEND"),
        ("ZPCOUNT", "PCOUNT"),
        ("ZGCOUNT", "GCOUNT"),
        ("ZHECKSUM", "CHECKSUM"),
        ("ZDATASUM", "DATASUM"),
    ];
    const OF_TABLE: [&str; 17] = [
        "XTENSION", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT", "TFIELDS", "THEAP", "CHECKSUM", "DATASUM", "ZIMAGE",
        "ZCMPTYPE", "ZQUANTIZ", "ZDITHER0", "ZBLANK", "ZSCALE", "ZZERO", "ZMASKCMP",
    ];
    const NUMBERED_OF_TABLE: [&str; 11] =
        ["NAXIS", "TTYPE", "TFORM", "TUNIT", "TNULL", "TSCAL", "TZERO", "TDIM", "ZTILE", "ZNAME", "ZVAL"];
    let key = card.key.as_str();
    let stem = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_numbered = stem != key;
    if let Some((_, name)) = RENAMED.iter().find(|(z, _)| *z == key) {
        return Some((*name).to_owned());
    }
    if is_numbered && stem == "ZNAXIS" {
        return Some(key[1..].to_owned());
    }
    // The name that the convention gives to the table, not one that somebody chose.
    let is_default_name = key == "EXTNAME" && card.value == Some(Value::from("COMPRESSED_IMAGE"));
    let is_of_table = OF_TABLE.contains(&key) || (is_numbered && NUMBERED_OF_TABLE.contains(&stem));
    (!is_of_table && !is_default_name).then(|| key.to_owned())
}
