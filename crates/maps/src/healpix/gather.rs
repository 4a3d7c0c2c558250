//! Collecting the pixels of a table as its rows come.

use super::HealpixPixels;
use super::layout::{Indexing, Layout};
use crate::Error;
use arcmin_fits::{Column, ColumnData, Place, TableStream};
use arcmin_sphere::healpix::{Healpix, Ordering, PixelSet};
use std::ops::Range;

/// Value of missing pixels by the HEALPix convention.
pub(super) const UNSEEN: f32 = -1.6375e30;
/// How close to the value of missing pixels counts as equal, relative: files round it.
const MISSING_TOLERANCE: f64 = 1e-5;
/// No more values than this are made room for before they came.
const VALUES_AHEAD: u64 = 1 << 26;

/// What a number in the file is turned into.
pub(super) struct Conversion {
    /// Value of missing pixels beside [`UNSEEN`].
    pub(super) bad_data: Option<f64>,
    /// Factor to our unit.
    pub(super) scale: f64,
}

impl Conversion {
    /// The value in our unit, rounded once; NaN where missing.
    fn apply(&self, value: f64) -> f32 {
        let is = |bad: f64| (value - bad).abs() <= MISSING_TOLERANCE * bad.abs();
        if is(f64::from(UNSEEN)) || self.bad_data.is_some_and(is) { f32::NAN } else { (value * self.scale) as f32 }
    }
}

/// Reads all rows; memory is that of the pixels, with their numbers where they are not in order, and one piece of rows.
pub(super) fn gather<O: Ordering>(
    table: &mut TableStream,
    layout: &Layout,
    conversion: &Conversion,
) -> Result<HealpixPixels<O>, Error> {
    let grid = Healpix::<O>::new(layout.nside)?;
    match layout.indexing {
        Indexing::Full => HealpixPixels::full(grid, in_order(table, layout, conversion)?),
        Indexing::From(first) => {
            let covered = PixelSet::from_ranges(grid, std::iter::once(first..first + layout.n_values));
            HealpixPixels::partial(covered, in_order(table, layout, conversion)?)
        }
        Indexing::Explicit { column } => {
            let (ranges, values) = listed(table, layout, column, conversion)?;
            HealpixPixels::partial(PixelSet::from_ranges(grid, ranges), values)
        }
    }
}

/// Ranges of the pixels that a column numbers, and the values by rising number.
fn listed(
    table: &mut TableStream,
    layout: &Layout,
    pixel_column: usize,
    conversion: &Conversion,
) -> Result<(Vec<Range<u64>>, Vec<f32>), Error> {
    let (place, nside) = (table.header().place().clone(), layout.nside);
    let mut listed = Listed::default();
    let mut values = Vec::new();
    while let Some(columns) = table.next_rows(&[layout.column, pixel_column])? {
        let numbers = pixel_numbers(&columns[1], &place)?;
        values.clear();
        convert(&columns[0], &place, conversion, &mut values)?;
        if values.len() != numbers.len() {
            return Err(bad_column(&columns[0], &place, "it has not one value for each pixel number"));
        }
        for (pixel, value) in numbers.into_iter().zip(&values) {
            let row = listed.values.len() as u64 + 1;
            let known = u64::try_from(pixel).ok().filter(|pixel| *pixel < nside.n_pixels());
            listed.push(known.ok_or_else(|| Error::NoSuchPixel { place: place.clone(), row, pixel, nside })?, *value);
        }
    }
    listed.sorted(&place)
}

fn in_order(table: &mut TableStream, layout: &Layout, conversion: &Conversion) -> Result<Vec<f32>, Error> {
    let mut values = Vec::with_capacity(layout.n_values.min(VALUES_AHEAD) as usize);
    let place = table.header().place().clone();
    while let Some(columns) = table.next_rows(&[layout.column])? {
        convert(&columns[0], &place, conversion, &mut values)?;
    }
    values.shrink_to_fit();
    Ok(values)
}

/// Appends a piece of the column of values.
fn convert(column: &Column, place: &Place, conversion: &Conversion, values: &mut Vec<f32>) -> Result<(), Error> {
    if let (ColumnData::F32(numbers), []) = (&column.data, &column.nulls[..]) {
        values.extend(numbers.iter().map(|value| conversion.apply(f64::from(*value))));
        return Ok(());
    }
    let numbers = column.to_f64_with_nan().ok_or_else(|| bad_column(column, place, "it holds no numbers"))?;
    values.extend(numbers.into_iter().map(|value| conversion.apply(value)));
    Ok(())
}

/// The numbers of pixels; -1 where the table has none.
fn pixel_numbers(column: &Column, place: &Place) -> Result<Vec<i64>, Error> {
    let numbers: Vec<i64> = match &column.data {
        ColumnData::U8(v) => v.iter().map(|&x| x.into()).collect(),
        ColumnData::I16(v) => v.iter().map(|&x| x.into()).collect(),
        ColumnData::I32(v) => v.iter().map(|&x| x.into()).collect(),
        ColumnData::I64(v) => v.clone(),
        ColumnData::U64(v) => v.iter().map(|&x| i64::try_from(x).unwrap_or(i64::MAX)).collect(),
        // Some programs write all columns as floating point.
        data => {
            let numbers = data.to_f64().filter(|numbers| numbers.iter().all(|x| x.fract() == 0.0));
            let numbers = numbers.ok_or_else(|| bad_column(column, place, "it holds no pixel numbers"))?;
            numbers.into_iter().map(|x| x as i64).collect()
        }
    };
    let undefined = |(i, number)| if column.is_null(i) { -1 } else { number };
    Ok(numbers.into_iter().enumerate().map(undefined).collect())
}

fn bad_column(column: &Column, place: &Place, reason: &str) -> Error {
    let (place, column) = (place.clone(), column.name.clone());
    arcmin_fits::Error::BadColumn { place, column, reason: reason.to_owned() }.into()
}

/// Pixels with their numbers. As long as the numbers rise they are kept as ranges, which takes hardly any memory.
#[derive(Default)]
struct Listed {
    ranges: Vec<Range<u64>>,
    values: Vec<f32>,
    /// All numbers, from the first on that did not rise.
    numbers: Option<Vec<u64>>,
}

impl Listed {
    fn push(&mut self, pixel: u64, value: f32) {
        self.values.push(value);
        if let Some(numbers) = &mut self.numbers {
            numbers.push(pixel);
            return;
        }
        match self.ranges.last_mut() {
            Some(last) if last.end == pixel => last.end += 1,
            Some(last) if last.end > pixel => {
                let mut numbers: Vec<u64> = std::mem::take(&mut self.ranges).into_iter().flatten().collect();
                numbers.push(pixel);
                self.numbers = Some(numbers);
            }
            _ => self.ranges.push(pixel..pixel + 1),
        }
    }

    /// Ranges of pixels and the values by rising number.
    fn sorted(self, place: &Place) -> Result<(Vec<Range<u64>>, Vec<f32>), Error> {
        let Some(numbers) = self.numbers else { return Ok((self.ranges, self.values)) };
        let mut pairs: Vec<(u64, f32)> = numbers.into_iter().zip(self.values).collect();
        pairs.sort_unstable_by_key(|pair| pair.0);
        if let Some(pair) = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::RepeatedPixel { place: place.clone(), pixel: pair[0].0 });
        }
        let mut sorted = Listed::default();
        pairs.into_iter().for_each(|(pixel, value)| sorted.push(pixel, value));
        Ok((sorted.ranges, sorted.values))
    }
}
