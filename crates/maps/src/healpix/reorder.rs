//! The same map in the other order or at another resolution.

use super::{HealpixMap, HealpixPixels, OrderedPixels};
use crate::Error;
use arcmin_sphere::healpix::{Healpix, Nested, Nside, Ordering, PixelIndex, PixelSet, Ring};
use arcmin_units::PixelUnit;
use rayon::prelude::*;

/// An order, by way of the nested one.
trait ThroughNested: Ordering {
    fn to_nested(grid: &Healpix<Nested>, pixel: PixelIndex<Self>) -> PixelIndex<Nested>;
    fn of_nested(grid: &Healpix<Nested>, pixel: PixelIndex<Nested>) -> PixelIndex<Self>;
}

impl ThroughNested for Ring {
    fn to_nested(grid: &Healpix<Nested>, pixel: PixelIndex<Ring>) -> PixelIndex<Nested> {
        grid.from_ring(pixel)
    }

    fn of_nested(grid: &Healpix<Nested>, pixel: PixelIndex<Nested>) -> PixelIndex<Ring> {
        grid.to_ring(pixel)
    }
}

impl ThroughNested for Nested {
    fn to_nested(_: &Healpix<Nested>, pixel: PixelIndex<Nested>) -> PixelIndex<Nested> {
        pixel
    }

    fn of_nested(_: &Healpix<Nested>, pixel: PixelIndex<Nested>) -> PixelIndex<Nested> {
        pixel
    }
}

impl HealpixPixels<Ring> {
    /// The same pixels in nested order.
    ///
    /// # Errors
    /// [`Error::Sphere`] when nside is not a power of two.
    pub fn to_nested(&self) -> Result<HealpixPixels<Nested>, Error> {
        let grid = Healpix::nested(self.grid().nside())?;
        Ok(reordered(self, grid, |pixel| grid.from_ring(pixel), |pixel| grid.to_ring(pixel)))
    }
}

impl HealpixPixels<Nested> {
    /// The same pixels in ring order.
    pub fn to_ring(&self) -> HealpixPixels<Ring> {
        let nested = self.grid();
        let grid = Healpix::ring(nested.nside());
        reordered(self, grid, |pixel| nested.to_ring(pixel), |pixel| nested.from_ring(pixel))
    }
}

/// Pixels under other numbers, `there` giving the new number of an old one and `back` the old of a new one.
fn reordered<A: Ordering, B: Ordering>(
    pixels: &HealpixPixels<A>,
    grid: Healpix<B>,
    there: impl Fn(PixelIndex<A>) -> PixelIndex<B>,
    back: impl Fn(PixelIndex<B>) -> PixelIndex<A> + Sync,
) -> HealpixPixels<B> {
    let covered = pixels.covered().map(|covered| PixelSet::from_pixels(grid, covered.pixels().map(there)));
    HealpixPixels::tabulate(grid, covered, |pixel| pixels.get(back(pixel)))
}

impl<U: PixelUnit> HealpixMap<U> {
    /// The same map in nested order, in which what is near on the sky is near in memory.
    ///
    /// # Errors
    /// [`Error::Sphere`] when nside is not a power of two.
    pub fn into_nested(self) -> Result<Self, Error> {
        Ok(match self.pixels() {
            OrderedPixels::Ring(pixels) => Self::new(self.frame(), pixels.to_nested()?),
            OrderedPixels::Nested(_) => self,
        })
    }

    /// The same map in ring order.
    pub fn into_ring(self) -> Self {
        match self.pixels() {
            OrderedPixels::Ring(_) => self,
            OrderedPixels::Nested(pixels) => Self::new(self.frame(), pixels.to_ring()),
        }
    }

    /// The map at another resolution, in the same order: coarser, the mean of the pixels that have values; finer, copies
    /// (`ud_grade` of healpy).
    ///
    /// # Errors
    /// [`Error::BadRegrading`] unless both resolutions are powers of two.
    pub fn regraded(&self, nside: Nside) -> Result<Self, Error> {
        let bad = |_| Error::BadRegrading { from: self.nside(), to: nside };
        let [from, to] = [self.nside(), nside].map(|nside| Healpix::nested(nside).map_err(bad));
        let (from, to) = (from?, to?);
        Ok(match self.pixels() {
            OrderedPixels::Ring(pixels) => Self::new(self.frame(), regraded(pixels, &from, &to)),
            OrderedPixels::Nested(pixels) => Self::new(self.frame(), regraded(pixels, &from, &to)),
        })
    }

    /// The map without the pixels at which a mask of the same resolution is zero or missing.
    ///
    /// # Errors
    /// [`Error::NsideDiffers`], and [`Error::Sphere`] for different orders of which one cannot be.
    pub fn masked(self, mask: &OrderedPixels) -> Result<Self, Error> {
        let got = match mask {
            OrderedPixels::Ring(mask) => mask.grid().nside(),
            OrderedPixels::Nested(mask) => mask.grid().nside(),
        };
        if got != self.nside() {
            return Err(Error::NsideDiffers { what: "the mask", expected: self.nside(), got });
        }
        let counts = |value: Option<f32>| value.is_some_and(|value| value != 0.0);
        let nested = || Healpix::nested(got);
        let pixels: OrderedPixels = match (self.pixels(), mask) {
            (OrderedPixels::Ring(a), OrderedPixels::Ring(b)) => kept(a, |pixel| counts(b.get(pixel))).into(),
            (OrderedPixels::Nested(a), OrderedPixels::Nested(b)) => kept(a, |pixel| counts(b.get(pixel))).into(),
            (OrderedPixels::Ring(a), OrderedPixels::Nested(b)) => {
                let grid = nested()?;
                kept(a, |pixel| counts(b.get(grid.from_ring(pixel)))).into()
            }
            (OrderedPixels::Nested(a), OrderedPixels::Ring(b)) => {
                let grid = nested()?;
                kept(a, |pixel| counts(b.get(grid.to_ring(pixel)))).into()
            }
        };
        Ok(Self::new(self.frame(), pixels))
    }
}

/// The pixels of which a condition holds.
fn kept<O: Ordering>(pixels: &HealpixPixels<O>, is_kept: impl Fn(PixelIndex<O>) -> bool + Sync) -> HealpixPixels<O> {
    HealpixPixels::tabulate(pixels.grid(), pixels.covered().cloned(), |pixel| {
        pixels.get(pixel).filter(|_| is_kept(pixel))
    })
}

fn regraded<O: ThroughNested>(
    pixels: &HealpixPixels<O>,
    from: &Healpix<Nested>,
    to: &Healpix<Nested>,
) -> HealpixPixels<O> {
    let [fine, coarse] = [from, to].map(|grid| grid.nside().value().trailing_zeros());
    let grid = Healpix::<O>::new(to.nside()).expect("powers of two have both orders");
    if coarse <= fine {
        let shift = 2 * (fine - coarse);
        let parents = |covered: &PixelSet<O>| {
            let parent = |pixel| O::of_nested(to, PixelIndex::new(O::to_nested(from, pixel).number() >> shift));
            PixelSet::from_pixels(grid, covered.pixels().map(parent))
        };
        return HealpixPixels::tabulate(grid, pixels.covered().map(parents), |pixel| {
            let first = O::to_nested(to, pixel).number() << shift;
            let children =
                (first..first + (1 << shift)).filter_map(|i| pixels.get(O::of_nested(from, PixelIndex::new(i))));
            let (sum, n) = children.fold((0.0, 0u32), |(sum, n), value| (sum + f64::from(value), n + 1));
            (n > 0).then(|| (sum / f64::from(n)) as f32)
        });
    }
    let shift = 2 * (coarse - fine);
    let children = |covered: &PixelSet<O>| {
        let first = |pixel| O::to_nested(from, pixel).number() << shift;
        let children =
            |pixel| (first(pixel)..first(pixel) + (1 << shift)).map(|i| O::of_nested(to, PixelIndex::new(i)));
        PixelSet::from_pixels(grid, covered.pixels().flat_map(children))
    };
    HealpixPixels::tabulate(grid, pixels.covered().map(children), |pixel| {
        pixels.get(O::of_nested(from, PixelIndex::new(O::to_nested(to, pixel).number() >> shift)))
    })
}

impl<O: Ordering> HealpixPixels<O> {
    /// Pixels whose values a rule gives, all or those of a set, made in parallel.
    pub(super) fn tabulate(
        grid: Healpix<O>,
        covered: Option<PixelSet<O>>,
        value: impl Fn(PixelIndex<O>) -> Option<f32> + Sync,
    ) -> Self {
        let value = |number| value(PixelIndex::new(number)).unwrap_or(f32::NAN);
        let made = match covered {
            None => Self::full(grid, (0..grid.n_pixels() as usize).into_par_iter().map(|i| value(i as u64)).collect()),
            Some(covered) => {
                let mut values = Vec::with_capacity(covered.len() as usize);
                for run in covered.runs() {
                    match run.end - run.start {
                        0..1024 => values.extend(run.map(value)),
                        _ => values.par_extend(
                            (0..(run.end - run.start) as usize).into_par_iter().map(|i| value(run.start + i as u64)),
                        ),
                    }
                }
                Self::partial(covered, values)
            }
        };
        made.expect("one value for each pixel")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::{ComptonY, Frame};

    fn nside(nside: u64) -> Nside {
        Nside::new(nside).unwrap()
    }

    fn full(side: u64) -> HealpixPixels<Ring> {
        let grid = Healpix::ring(nside(side));
        let value = |i| if i % 5 == 0 { f32::NAN } else { (i as f32).sin() };
        HealpixPixels::full(grid, (0..grid.n_pixels()).map(value).collect()).unwrap()
    }

    fn partial(side: u64) -> HealpixPixels<Ring> {
        let full = full(side);
        let covered = PixelSet::from_ranges(full.grid(), [3..40, 100..101, 150..180]);
        let values = covered.pixels().map(|pixel| full.get(pixel).unwrap_or(f32::NAN)).collect();
        HealpixPixels::partial(covered, values).unwrap()
    }

    /// Every pixel of the full sky.
    fn all<O: Ordering>(pixels: &HealpixPixels<O>) -> Vec<Option<f32>> {
        (0..pixels.grid().n_pixels()).map(|i| pixels.get(PixelIndex::new(i))).collect()
    }

    #[test]
    fn a_map_in_the_other_order_has_the_same_values_on_the_sky() {
        for ring in [full(4), partial(4)] {
            let nested = ring.to_nested().unwrap();
            assert_eq!(nested.n_valid(), ring.n_valid());
            for i in 0..192 {
                let pixel = PixelIndex::<Ring>::new(i);
                assert_eq!(nested.nearest(ring.grid().centre(pixel)), ring.get(pixel));
            }
            assert_eq!(all(&nested.to_ring()), all(&ring));
            assert_eq!(nested.to_ring().covered(), ring.covered());
        }
        let odd = HealpixPixels::full(Healpix::ring(nside(3)), vec![0.0; 108]).unwrap();
        assert!(odd.to_nested().unwrap_err().to_string().contains("not a power of two"));
    }

    #[test]
    fn coarser_pixels_are_the_mean_of_what_is_there() {
        for ring in [full(8), partial(8)] {
            let nested = ring.to_nested().unwrap();
            let map = HealpixMap::<ComptonY>::new(Frame::Galactic, ring);
            let coarse = map.regraded(nside(2)).unwrap();
            for i in 0..48 {
                let children = (16 * i..16 * i + 16).filter_map(|i| nested.get(PixelIndex::new(i)));
                let children: Vec<f64> = children.map(f64::from).collect();
                let mean = children.iter().sum::<f64>() / children.len() as f64;
                let centre = Healpix::nested(nside(2)).unwrap().centre(PixelIndex::new(i));
                match coarse.nearest(centre) {
                    None => assert!(children.is_empty()),
                    Some(got) => assert!((f64::from(got) - mean).abs() < 1e-7, "{got} {mean}"),
                }
            }
            // Copies average to themselves.
            let again = coarse.regraded(nside(16)).unwrap().regraded(nside(2)).unwrap();
            let (OrderedPixels::Ring(a), OrderedPixels::Ring(b)) = (coarse.pixels(), again.pixels()) else {
                panic!("regrading keeps the order")
            };
            assert_eq!(all(a), all(b));
        }
    }

    #[test]
    fn masks_of_either_order_take_the_same_pixels_away() {
        let map = HealpixMap::<ComptonY>::new(Frame::Galactic, full(4));
        let ones = PixelSet::from_ranges(Healpix::ring(nside(4)), [0..100, 120..130]);
        let mask = HealpixPixels::partial(ones, (0..110).map(|i| (i % 3) as f32).collect()).unwrap();
        let expected: Vec<Option<f32>> = all(&full(4))
            .into_iter()
            .zip(all(&mask))
            .map(|(value, mask)| value.filter(|_| mask.is_some_and(|m| m > 0.0)))
            .collect();
        for map in [map.clone(), map.clone().into_nested().unwrap()] {
            for mask in [OrderedPixels::from(mask.clone()), mask.to_nested().unwrap().into()] {
                let masked = map.clone().masked(&mask).unwrap().into_ring();
                let OrderedPixels::Ring(masked) = masked.pixels() else { panic!("it was brought to ring order") };
                assert_eq!(all(masked), expected);
            }
        }
        assert!(map.masked(&full(8).into()).unwrap_err().to_string().contains("the mask has nside 8, the map 4"));
    }
}
