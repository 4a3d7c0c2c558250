//! The resolution of a HEALPix grid.

use crate::Error;
use arcmin_units::{Arcmin, Radian};
use std::fmt;

/// Pixels along the side of each of the 12 base pixels, from 1 to 2^29.
///
/// Any number will do for the ring order; the nested order asks for a power of two ([`Nside::order`]).
///
/// ```
/// use arcmin_sphere::Nside;
/// let nside = Nside::new(8192)?;
/// assert_eq!(nside.n_pixels(), 805_306_368);
/// assert_eq!(nside.order(), Some(13));
/// assert!((nside.resolution().value() - 0.42943580147717575).abs() < 1e-12);
/// # Ok::<(), arcmin_sphere::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nside(u32);

impl Nside {
    /// The finest grid whose pixel numbers and ring arithmetic fit in 64 bits.
    pub const MAX: Self = Self(1 << 29);

    /// Checks a resolution.
    ///
    /// # Errors
    /// [`Error::BadNside`] unless it lies between 1 and 2^29.
    pub fn new(nside: u64) -> Result<Self, Error> {
        match u32::try_from(nside) {
            Ok(small) if (1..=Self::MAX.0).contains(&small) => Ok(Self(small)),
            _ => Err(Error::BadNside { nside }),
        }
    }

    /// The resolution of a full-sky map of this many pixels.
    ///
    /// # Errors
    /// [`Error::BadPixelCount`] unless the number is 12 nside^2.
    pub fn from_n_pixels(n_pixels: u64) -> Result<Self, Error> {
        let side = (n_pixels / 12).isqrt();
        let nside = Self::new(side).ok().filter(|nside| nside.n_pixels() == n_pixels);
        nside.ok_or(Error::BadPixelCount { n_pixels })
    }

    /// The number itself.
    pub const fn value(self) -> u64 {
        self.0 as u64
    }

    /// log2 of it, where it is a power of two.
    pub fn order(self) -> Option<u32> {
        self.0.is_power_of_two().then(|| self.0.trailing_zeros())
    }

    /// Pixels on the sphere, 12 nside^2.
    pub const fn n_pixels(self) -> u64 {
        12 * self.value() * self.value()
    }

    /// Rings of equal latitude, 4 nside - 1.
    pub const fn n_rings(self) -> u64 {
        4 * self.value() - 1
    }

    /// Pixels north of the equatorial belt's first ring, that is on rings `1..nside`.
    pub(super) const fn n_cap(self) -> u64 {
        2 * self.value() * (self.value() - 1)
    }

    /// Solid angle of every pixel in steradian.
    pub fn pixel_area_sr(self) -> f64 {
        4.0 * std::f64::consts::PI / self.n_pixels() as f64
    }

    /// Side of a square as large as a pixel.
    pub fn resolution(self) -> Arcmin {
        Radian::new(self.pixel_area_sr().sqrt()).to_arcmin()
    }

    /// Largest distance from a pixel's centre to its corners, over all pixels of the grid.
    ///
    /// It is reached by the pixels whose centres lie at the boundary of cap and belt, towards the pole.
    pub fn max_pixel_radius(self) -> Radian {
        let n = self.value() as f64;
        // Centre at z = 2/3, phi = pi / (4 nside); corner at the end of ring nside - 1, phi = 0.
        let centre = unit_vector(2.0 / 3.0, std::f64::consts::FRAC_PI_4 / n);
        let up = (1.0 - 1.0 / n) * (1.0 - 1.0 / n);
        let corner = unit_vector(1.0 - up / 3.0, 0.0);
        let [x, y, z] = cross(centre, corner);
        let dot: f64 = centre.iter().zip(corner).map(|(a, b)| a * b).sum();
        Radian::new((x * x + y * y + z * z).sqrt().atan2(dot))
    }
}

impl fmt::Display for Nside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn unit_vector(z: f64, phi: f64) -> [f64; 3] {
    let sin_theta = ((1.0 - z) * (1.0 + z)).sqrt();
    [sin_theta * phi.cos(), sin_theta * phi.sin(), z]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nside_is_checked() {
        assert_eq!(Nside::new(0), Err(Error::BadNside { nside: 0 }));
        assert_eq!(Nside::new((1 << 29) + 1), Err(Error::BadNside { nside: (1 << 29) + 1 }));
        assert_eq!(Nside::new(1 << 40), Err(Error::BadNside { nside: 1 << 40 }));
        assert_eq!(Nside::new(3).unwrap().order(), None);
        assert_eq!(Nside::new(1 << 29).unwrap(), Nside::MAX);
    }

    #[test]
    fn the_number_of_pixels_tells_nside() {
        for nside in [1, 2, 3, 1000, 8192, 1 << 29] {
            let nside = Nside::new(nside).unwrap();
            assert_eq!(Nside::from_n_pixels(nside.n_pixels()), Ok(nside));
            assert!(Nside::from_n_pixels(nside.n_pixels() + 1).is_err());
            assert!(Nside::from_n_pixels(nside.n_pixels() - 1).is_err());
        }
        assert!(Nside::from_n_pixels(0).is_err());
        assert!(Nside::from_n_pixels(u64::MAX).is_err());
    }

    /// `nside_resolution` of the reference numbers (healpy 1.20.1 `nside2resol`), in arcmin.
    #[test]
    fn resolution_agrees_with_healpy() {
        for (nside, arcmin) in [
            (64, 54.967782589078496),
            (512, 6.870972823634812),
            (1024, 3.435486411817406),
            (2048, 1.717743205908703),
            (4096, 0.8588716029543515),
            (8192, 0.42943580147717575),
        ] {
            let got = Nside::new(nside).unwrap().resolution().value();
            assert!((got / arcmin - 1.0).abs() < 1e-12, "nside {nside}: {got}");
        }
    }

    /// healpy 1.20.1 `max_pixrad`, in radians.
    #[test]
    fn largest_pixel_radius_agrees_with_healpy() {
        for (nside, radian) in MAX_PIXRAD {
            let got = Nside::new(nside).unwrap().max_pixel_radius().value();
            assert!((got / radian - 1.0).abs() < 1e-9, "nside {nside}: {got}");
        }
    }

    const MAX_PIXRAD: [(u64, f64); 7] = [
        (1, 0.8410686705679302),
        (2, 0.48146047147606696),
        (3, 0.33319203749710463),
        (4, 0.2543334045529589),
        (64, 0.01665302521141051),
        (2048, 0.0005219090735712368),
        (8192, 0.00013048634667784872),
    ];
}
