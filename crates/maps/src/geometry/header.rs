//! Geometries from and to FITS headers (GC02, CG02; FITS standard 4.0, Sect. 8).

use super::linear::Linear;
use super::rotation::PoleCards;
use super::{Geometry, PixelPosition, Projection, Shape};
use crate::Error;
use arcmin_fits::Header;
use arcmin_units::{Frame, Radian, SkyPosition};
use std::f64::consts::PI;

const RAD_PER_DEG: f64 = PI / 180.0;

impl Geometry {
    /// Reads shape and sky coordinates from the header of an image.
    ///
    /// `frame` overrides what the header says. Understood are `NAXISi`, `CTYPEi`, `CUNITi`, `CRPIXi`, `CRVALi`, `CDELTi`
    /// with `PCi_j` or `CROTA2`, `CDi_j`, `LONPOLE`, `LATPOLE`, `RADESYS` and `EQUINOX`; either axis may come first.
    ///
    /// # Errors
    /// A keyword missing or of the wrong type, a projection or frame that is not ours, a header that names no frame,
    /// distortion parameters (`PVi_m`), and coordinates that cannot be ([`Error::HeaderGeometry`]).
    pub fn from_header(header: &Header, frame: Option<Frame>) -> Result<Self, Error> {
        let shape = Shape { ny: axis_length(header, 2)?, nx: axis_length(header, 1)? };
        if shape.ny.checked_mul(shape.nx).is_none() {
            return Err(unusable(header, "NAXIS1 times NAXIS2 is more than any memory holds"));
        }
        let (first, second) = (AxisType::read(header, 1)?, AxisType::read(header, 2)?);
        let (lon, lat) = match (first.role, second.role) {
            (Role::Longitude, Role::Latitude) => (1, 2),
            (Role::Latitude, Role::Longitude) => (2, 1),
            _ => return Err(not_celestial(header, &first)),
        };
        if first.projection != second.projection {
            return Err(not_celestial(header, &first));
        }
        refuse_parameters(header)?;
        let frame = frame.map_or_else(|| frame_of(header, if lon == 1 { &first } else { &second }), Ok)?;
        let world = Axes { header, lon, lat };
        let reference = world.reference()?;
        let pole = world.pole(first.projection, reference)?;
        let linear = Linear { crpix: world.crpix()?, cd_rad: world.matrix_rad()? };
        Self::from_parts(shape, first.projection, frame, reference, Some(pole), linear).map_err(|error| match error {
            Error::BadGeometry { reason, .. } => unusable(header, reason),
            other => other,
        })
    }

    /// The cards that say the same: a header for [`from_header`](Self::from_header) or any other reader.
    pub fn to_header(&self) -> Header {
        let mut header = Header::new();
        let (lon, lat) = match self.frame {
            Frame::Equatorial => ("RA--", "DEC-"),
            Frame::Galactic => ("GLON", "GLAT"),
        };
        let code = self.projection.code();
        let mut text = |key: &str, value: String, comment: &str| {
            header.set(key, value, comment).expect("a short keyword with printable text");
        };
        text("CTYPE1", format!("{lon}-{code}"), "longitude and projection");
        text("CTYPE2", format!("{lat}-{code}"), "latitude and projection");
        text("CUNIT1", "deg".to_owned(), "unit of CRVAL1 and of the pixel steps");
        text("CUNIT2", "deg".to_owned(), "unit of CRVAL2 and of the pixel steps");
        if self.frame == Frame::Equatorial {
            text("RADESYS", "ICRS".to_owned(), "equatorial frame");
        }
        for (key, value, comment) in self.number_cards() {
            header.set(key, value, comment).expect("the numbers of a geometry are finite");
        }
        header
    }

    fn number_cards(&self) -> Vec<(&'static str, f64, &'static str)> {
        let [[a, b], [c, d]] = self.linear.cd_rad.map(|row| row.map(|v| v / RAD_PER_DEG));
        let mut cards = vec![
            ("CRPIX1", self.linear.crpix.x + 1.0, "reference pixel, the first being 1"),
            ("CRPIX2", self.linear.crpix.y + 1.0, "reference pixel, the first being 1"),
            ("CRVAL1", self.reference.lon_deg(), "[deg] longitude at the reference pixel"),
            ("CRVAL2", self.reference.lat_deg(), "[deg] latitude at the reference pixel"),
            ("LONPOLE", self.pole.lonpole_rad / RAD_PER_DEG, "[deg] native longitude of the celestial pole"),
            ("LATPOLE", self.pole.latpole_rad / RAD_PER_DEG, "[deg] native latitude of the celestial pole"),
        ];
        if b == 0.0 && c == 0.0 {
            cards.push(("CDELT1", a, "[deg] pixel step at the reference pixel"));
            cards.push(("CDELT2", d, "[deg] pixel step at the reference pixel"));
        } else {
            let comment = "[deg] linear transformation";
            cards.extend([("CD1_1", a, comment), ("CD1_2", b, comment), ("CD2_1", c, comment), ("CD2_2", d, comment)]);
        }
        cards
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Longitude,
    Latitude,
    Other,
}

/// What `CTYPEi` says.
struct AxisType {
    ctype: String,
    /// The part before the projection, such as `RA` or `GLON`.
    name: String,
    role: Role,
    projection: Projection,
}

impl AxisType {
    fn read(header: &Header, axis: usize) -> Result<Self, Error> {
        let key = format!("CTYPE{axis}");
        let ctype = header.get_str(&key)?.unwrap_or_default().trim().to_owned();
        if ctype.is_empty() {
            return Err(missing(header, key, "its pixels have no place on the sky"));
        }
        let parts: Vec<&str> = ctype.split('-').filter(|part| !part.is_empty()).collect();
        let (name, projection) = match parts[..] {
            [name, code] => (name.to_owned(), Projection::from_code(code)),
            _ => (String::new(), None),
        };
        let Some(projection) = projection else {
            return Err(Error::UnsupportedProjection { place: header.place().clone(), ctype });
        };
        let role = match name.as_str() {
            "RA" => Role::Longitude,
            "DEC" => Role::Latitude,
            other if other.ends_with("LON") || other.ends_with("LN") => Role::Longitude,
            other if other.ends_with("LAT") || other.ends_with("LT") => Role::Latitude,
            _ => Role::Other,
        };
        Ok(Self { ctype, name, role, projection })
    }
}

/// A header read with its longitude and latitude axes known.
struct Axes<'a> {
    header: &'a Header,
    lon: usize,
    lat: usize,
}

impl Axes<'_> {
    fn number_or(&self, key: &str, default: f64) -> Result<f64, Error> {
        Ok(self.header.get_f64(key)?.unwrap_or(default))
    }

    /// Radians in the unit that `CUNITi` names.
    fn unit_rad(&self, axis: usize) -> Result<f64, Error> {
        let key = format!("CUNIT{axis}");
        match self.header.get_str(&key)?.unwrap_or_default().trim() {
            "" | "deg" | "degree" | "degrees" => Ok(RAD_PER_DEG),
            "arcmin" => Ok(RAD_PER_DEG / 60.0),
            "arcsec" => Ok(RAD_PER_DEG / 3600.0),
            "rad" => Ok(1.0),
            _ => Err(unusable(self.header, "CUNITi is none of deg, arcmin, arcsec, rad")),
        }
    }

    fn reference(&self) -> Result<SkyPosition, Error> {
        let value_rad = |axis| Ok::<f64, Error>(self.number_or(&format!("CRVAL{axis}"), 0.0)? * self.unit_rad(axis)?);
        SkyPosition::new(Radian::new(value_rad(self.lon)?), Radian::new(value_rad(self.lat)?))
            .ok_or_else(|| unusable(self.header, "the latitude of CRVALi lies beyond a pole"))
    }

    fn pole(&self, projection: Projection, reference: SkyPosition) -> Result<PoleCards, Error> {
        let default = PoleCards::default_for(projection.theta0_rad(), reference);
        let angle_rad = |key, default_rad: f64| {
            Ok::<f64, Error>(match self.header.get_f64(key)? {
                Some(value_deg) => value_deg * RAD_PER_DEG,
                None => default_rad,
            })
        };
        Ok(PoleCards {
            lonpole_rad: angle_rad("LONPOLE", default.lonpole_rad)?,
            latpole_rad: angle_rad("LATPOLE", default.latpole_rad)?,
        })
    }

    fn crpix(&self) -> Result<PixelPosition, Error> {
        Ok(PixelPosition { x: self.number_or("CRPIX1", 0.0)? - 1.0, y: self.number_or("CRPIX2", 0.0)? - 1.0 })
    }

    /// The linear transformation in radians, its longitude row first.
    fn matrix_rad(&self) -> Result<[[f64; 2]; 2], Error> {
        let rows = [self.lon, self.lat];
        let mut matrix = [[0.0; 2]; 2];
        let has = |name: &str| rows.iter().any(|i| (1..=2).any(|j| self.header.contains(&format!("{name}{i}_{j}"))));
        let (has_pc, has_cd) = (has("PC"), has("CD"));
        for (row, i) in matrix.iter_mut().zip(rows) {
            for (entry, j) in row.iter_mut().zip(1..=2) {
                let unit = f64::from(u8::from(i == j));
                *entry = if has_cd && !has_pc {
                    self.number_or(&format!("CD{i}_{j}"), 0.0)?
                } else if has_pc {
                    self.cdelt(i)? * self.number_or(&format!("PC{i}_{j}"), unit)?
                } else {
                    self.cdelt(j)? * self.crota(i, j)?
                };
                *entry *= self.unit_rad(i)?;
            }
        }
        Ok(matrix)
    }

    fn cdelt(&self, axis: usize) -> Result<f64, Error> {
        self.number_or(&format!("CDELT{axis}"), 1.0)
    }

    /// The old rotation: `CDi_j = CDELTj R_ij`, where the latitude axis carries the angle (CG02, Eq. 189).
    fn crota(&self, i: usize, j: usize) -> Result<f64, Error> {
        let (sin, cos) = (self.number_or(&format!("CROTA{}", self.lat), 0.0)? * RAD_PER_DEG).sin_cos();
        Ok(match (i == self.lat, j == self.lat) {
            (false, true) => -sin,
            (true, false) => sin,
            _ => cos,
        })
    }
}

fn axis_length(header: &Header, axis: usize) -> Result<usize, Error> {
    let key = format!("NAXIS{axis}");
    let length = header.get_i64(&key)?.ok_or_else(|| missing(header, key, "the image has no shape"))?;
    usize::try_from(length).map_err(|_| unusable(header, "an axis has negative length"))
}

/// The frame that the longitude's name, `RADESYS` and `EQUINOX` say.
fn frame_of(header: &Header, lon: &AxisType) -> Result<Frame, Error> {
    let unsupported = |frame: String| Error::UnsupportedFrame { place: header.place().clone(), frame };
    let radesys = match header.get_str("RADESYS")? {
        Some(radesys) => radesys,
        None => header.get_str("RADECSYS")?.unwrap_or_default(),
    };
    match (lon.name.as_str(), radesys.trim()) {
        ("GLON", _) => Ok(Frame::Galactic),
        ("RA", "ICRS" | "FK5" | "") => match header.get_f64("EQUINOX")? {
            Some(year) if year != 2000.0 => Err(unsupported(format!("equatorial of EQUINOX {year}"))),
            _ => Ok(Frame::Equatorial),
        },
        ("RA", other) => Err(unsupported(format!("RADESYS '{other}'"))),
        ("ELON" | "SLON" | "HLON", _) => Err(unsupported(format!("'{}'", lon.ctype))),
        _ => Err(Error::MissingFrame { place: header.place().clone(), ctype: lon.ctype.clone() }),
    }
}

/// Distortions are not applied, so a header that has some must not be read as if it had none.
fn refuse_parameters(header: &Header) -> Result<(), Error> {
    let is_parameter = |key: &str| ["PV1_", "PV2_", "A_ORDER", "B_ORDER"].iter().any(|start| key.starts_with(start));
    for key in header.iter().map(|card| card.key()).filter(|key| is_parameter(key)) {
        if header.get_f64(key)?.is_some_and(|value| value != 0.0) {
            return Err(Error::UnsupportedDistortion { place: header.place().clone(), key: key.to_owned() });
        }
    }
    Ok(())
}

fn missing(header: &Header, key: String, needed_for: &'static str) -> Error {
    arcmin_fits::Error::MissingKeyword { place: header.place().clone(), key, needed_for }.into()
}

fn unusable(header: &Header, reason: &'static str) -> Error {
    Error::HeaderGeometry { place: header.place().clone(), reason }
}

fn not_celestial(header: &Header, axis: &AxisType) -> Error {
    Error::UnsupportedProjection { place: header.place().clone(), ctype: axis.ctype.clone() }
}
