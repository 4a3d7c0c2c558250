//! Any bytes as the cards of a header: what is read, written and read again stays the same.
#![no_main]

use arcmin_fits::{FitsBuilder, FitsFile, Header, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|cards: &[u8]| {
    let Some(first) = read(with_cards(cards)) else { return };
    let Some(second) = write(&first).and_then(read) else { panic!("our own file does not open") };
    let Some(third) = write(&second).and_then(read) else { panic!("our own file does not open") };
    assert_eq!(second, third);
});

/// An empty primary HDU whose header holds these bytes after the mandatory cards.
fn with_cards(cards: &[u8]) -> Vec<u8> {
    let mut bytes = FitsBuilder::new().to_bytes().expect("an empty file can be made");
    let end = bytes.chunks(80).position(|card| card.starts_with(b"END")).expect("a header ends");
    bytes.truncate(end * 80);
    bytes.extend(cards);
    bytes.resize(bytes.len().next_multiple_of(80), b' ');
    bytes.extend(b"END");
    bytes.resize(bytes.len().next_multiple_of(2880), b' ');
    bytes
}

fn read(bytes: Vec<u8>) -> Option<Header> {
    let file = FitsFile::from_bytes("fuzz.fits", bytes, Limits::default()).ok()?;
    Some(file.header(0).expect("there is a first HDU").clone())
}

fn write(header: &Header) -> Option<Vec<u8>> {
    FitsBuilder::new().image(header, &[], &Vec::<u8>::new()).to_bytes().ok()
}
