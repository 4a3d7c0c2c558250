//! FITS files as bytes: headers, images (tile-compressed and gzip'd ones too) and binary tables.
//!
//! In goes a path, out come cards, pixels and columns, and the other way round. Nothing here
//! knows the sky: what a keyword means is for the crates above.
//!
//! Three promises hold throughout:
//! - A file may be truncated, damaged or hostile: the answer is an [`Error`] that names the
//!   file, the HDU and the keyword, never a panic, and no size is believed before it was compared
//!   with the length of the file (or, for what unpacks, with [`Limits`]).
//! - A file appears under its name when it is whole, or not at all.
//! - The same input gives the same bits, for any number of threads.
//!
//! Begin reading at [`FitsFile`] and [`FitsBuilder`].
//!
//! # References
//! - `FITS40`: FITS Working Group 2018, *Definition of the Flexible Image Transport System,
//!   version 4.0* (headers section 4, tables section 7.3, tiled images section 10).
//! - `Rice93`: Rice, R. F., Yeh, P.-S. & Miller, W. H. 1993, AIAA-93-4541-CP.
//! - `White13`: White, R. L., Greenfield, P., Pence, W., Tody, D. & Seaman, R. 2013, *Tiled Image
//!   Convention for Storing Compressed Images in FITS Binary Tables*, version 2.3.
//!
//! # Examples
//! ```
//! use arcmin_fits::{FitsBuilder, FitsFile, Header, Limits};
//!
//! let mut header = Header::new();
//! header.set("BUNIT", "uK", "CMB temperature")?;
//! let bytes = FitsBuilder::new().image(&header, &[3, 2], &vec![0.5f32; 6]).to_bytes()?;
//!
//! let image = FitsFile::from_bytes("map.fits", bytes, Limits::default())?.first_image()?;
//! assert_eq!(image.shape_yx()?, (2, 3));
//! assert_eq!(image.header.get_str("BUNIT")?, Some("uK"));
//! # Ok::<(), arcmin_fits::Error>(())
//! ```

mod atomic;
mod card;
mod error;
mod file;
mod gzip;
mod hdu;
mod header;
mod image;
mod number;
mod place;
mod quantize;
mod rice;
mod stream;
mod table;
mod table_read;
mod table_stream;
mod table_write;
mod tform;
mod tile;
mod tile_header;
mod tiled;
mod write;

pub use atomic::write_atomically;
pub use card::{Card, Value};
pub use error::Error;
pub use file::{FitsFile, Limits};
pub use hdu::{HduKind, HduSummary};
pub use header::Header;
pub use image::{Image, ImageData};
pub use place::Place;
pub use stream::{PixelSink, write_image_stream};
pub use table::{Column, ColumnData, Table};
pub use table_stream::TableStream;
pub use write::{FitsBuilder, Pixels, write_image, write_table, write_table_pieces};
