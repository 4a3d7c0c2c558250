//! The piece of sky that is simulated: the tile and a rim about it, in the tile's tangent plane.

use arcmin_maps::{Geometry, PixelPosition, Shape};
use arcmin_units::{Radian, SkyPosition};
use rand::{Rng, RngExt};

/// The tile and its rim as a square in the gnomonic plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Pixels of the tile that is kept.
    pub(crate) tile: Shape,
    /// Pixels of the tile and its rim.
    pub(crate) padded: Shape,
    pixel_rad: f64,
}

impl Window {
    /// A square window of `padded` pixels about a tile.
    pub(crate) fn new(tile: Shape, padded: Shape, pixel: Radian) -> Self {
        Self { tile, padded, pixel_rad: pixel.value() }
    }

    /// Size of a pixel in radians.
    pub(crate) fn pixel_rad(&self) -> f64 {
        self.pixel_rad
    }

    /// First row (or column) of the padded window that belongs to the tile.
    pub(crate) fn rim(&self) -> usize {
        (self.padded.nx - self.tile.nx) / 2
    }

    /// Half the side of the tile in the tangent plane.
    pub(crate) fn half_tile(&self) -> Radian {
        Radian::new(0.5 * self.tile.nx as f64 * self.pixel_rad)
    }

    /// True solid angle of the padded window in steradian.
    ///
    /// `4 arcsin(u v / sqrt((1+u^2)(1+v^2)))` for a centred rectangle of half sides u and v in the tangent plane.
    pub(crate) fn solid_angle_sr(&self) -> f64 {
        solid_angle_sr(0.5 * self.padded.nx as f64 * self.pixel_rad, 0.5 * self.padded.ny as f64 * self.pixel_rad)
    }

    /// True solid angle of the tile in steradian.
    pub(crate) fn tile_solid_angle_sr(&self) -> f64 {
        solid_angle_sr(0.5 * self.tile.nx as f64 * self.pixel_rad, 0.5 * self.tile.ny as f64 * self.pixel_rad)
    }

    /// The position in pixels of the tile at shares of the padded window's sides.
    pub(crate) fn position_at(&self, [across, along]: [f64; 2]) -> PixelPosition {
        let x = self.padded.nx as f64 * across - 0.5 - self.rim() as f64;
        let y = self.padded.ny as f64 * along - 0.5 - self.rim() as f64;
        PixelPosition { x, y }
    }

    /// Solid angle of the padded window were it flat: that of its pixels at the centre.
    pub(crate) fn flat_solid_angle_sr(&self) -> f64 {
        self.padded.n_pixels() as f64 * self.pixel_rad * self.pixel_rad
    }

    /// Draws a position that is uniform on the sky within the padded window, in pixels of the tile.
    ///
    /// The area element of the gnomonic plane, `(1 + u^2 + v^2)^(-3/2)`, is met by rejection.
    pub(crate) fn draw_position(&self, rng: &mut impl Rng) -> PixelPosition {
        loop {
            let [across, along, keep]: [f64; 3] = rng.random();
            let position = self.position_at([across, along]);
            let (u, v) = self.tangent_plane(position);
            if keep < (1.0 + u * u + v * v).powf(-1.5) {
                return position;
            }
        }
    }

    /// Whether a position in pixels of the tile lies on the tile.
    pub(crate) fn is_on_tile(&self, p: PixelPosition) -> bool {
        let inside = |at: f64, n: usize| at >= -0.5 && at < n as f64 - 0.5;
        inside(p.x, self.tile.nx) && inside(p.y, self.tile.ny)
    }

    /// Whether a position in pixels of the tile lies on the tile or its rim.
    pub(crate) fn is_simulated(&self, p: PixelPosition) -> bool {
        let rim = self.rim() as f64;
        let inside = |at: f64, n: usize| at >= -0.5 - rim && at < n as f64 - 0.5 - rim;
        inside(p.x, self.padded.nx) && inside(p.y, self.padded.ny)
    }

    /// Squared angle in arcmin of a small pixel step about a position: coefficients of `dx^2`, `2 dx dy`, `dy^2`.
    ///
    /// Gnomonic: `ds^2 = (du^2 + dv^2) / (1 + q) - (u du + v dv)^2 / (1 + q)^2` with `q = u^2 + v^2`.
    pub(crate) fn metric_arcmin2(&self, p: PixelPosition) -> [f64; 3] {
        let (u, v) = self.tangent_plane(p);
        let w = 1.0 / (1.0 + u * u + v * v);
        let pixel_arcmin = Radian::new(self.pixel_rad).to_arcmin().value();
        let scale = pixel_arcmin * pixel_arcmin;
        [scale * (w - (u * w).powi(2)), -scale * u * v * w * w, scale * (w - (v * w).powi(2))]
    }

    /// True solid angle of a pixel in steradian, `(1 + u^2 + v^2)^(-3/2)` of that at the centre.
    pub(crate) fn pixel_sr(&self, p: PixelPosition) -> f64 {
        let (u, v) = self.tangent_plane(p);
        let q = 1.0 + u * u + v * v;
        self.pixel_rad * self.pixel_rad / (q * q.sqrt())
    }

    /// Tangent-plane coordinates in radians, along the pixel axes (the sign of the first does not matter here).
    pub(crate) fn tangent_plane(&self, p: PixelPosition) -> (f64, f64) {
        let from_centre = |at: f64, n: usize| (at - (n as f64 - 1.0) / 2.0) * self.pixel_rad;
        (from_centre(p.x, self.tile.nx), from_centre(p.y, self.tile.ny))
    }
}

fn solid_angle_sr(u: f64, v: f64) -> f64 {
    4.0 * (u * v / ((1.0 + u * u) * (1.0 + v * v)).sqrt()).asin()
}

/// Sky position of a pixel position on a gnomonic tile.
pub(crate) fn sky_position(geometry: &Geometry, p: PixelPosition) -> SkyPosition {
    geometry.pix_to_sky(p).expect("every point of a gnomonic plane is a direction on the sky")
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::Arcmin;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn window() -> Window {
        let square = |n| Shape { ny: n, nx: n };
        Window::new(square(200), square(240), Arcmin::new(6.0).to_rad())
    }

    fn geometry(window: &Window) -> Geometry {
        let centre = SkyPosition::from_deg(40.0, 35.0).unwrap();
        Geometry::tile(centre, window.tile, Arcmin::new(6.0)).unwrap()
    }

    #[test]
    fn metric_is_the_separation_on_the_sky() {
        let window = window();
        let geometry = geometry(&window);
        for (x, y) in [(100.0, 100.0), (0.0, 0.0), (199.0, 20.0), (-15.0, 120.0)] {
            let [a, b, c] = window.metric_arcmin2(PixelPosition { x, y });
            for (dx, dy) in [(0.01, 0.0), (0.0, 0.01), (0.007, 0.007), (0.007, -0.007)] {
                let centre = sky_position(&geometry, PixelPosition { x: x - dx / 2.0, y: y - dy / 2.0 });
                let moved = sky_position(&geometry, PixelPosition { x: x + dx / 2.0, y: y + dy / 2.0 });
                let exact = centre.separation(moved).to_arcmin().value();
                let ours = (a * dx * dx + 2.0 * b * dx * dy + c * dy * dy).sqrt();
                assert!((ours / exact - 1.0).abs() < 1e-6, "({x}, {y}) step ({dx}, {dy}): {ours} {exact}");
            }
        }
    }

    #[test]
    fn solid_angle_is_the_sum_over_pixels() {
        let window = window();
        let area = |x: usize, y: usize| window.pixel_sr(PixelPosition { x: x as f64, y: y as f64 });
        let sum: f64 = (0..200).flat_map(|y| (0..200).map(move |x| area(x, y))).sum();
        assert!((window.tile_solid_angle_sr() / sum - 1.0).abs() < 1e-5);
    }

    /// The share of positions beyond a given distance from the centre; false alarm 6e-5 (4 sigma).
    #[test]
    fn positions_are_uniform_on_the_sky() {
        let window = window();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let n = 100_000;
        let on_tile = (0..n).filter(|_| window.is_on_tile(window.draw_position(&mut rng))).count() as f64;
        let expected = window.tile_solid_angle_sr() / window.solid_angle_sr();
        let sigma = (expected * (1.0 - expected) * n as f64).sqrt();
        assert!((on_tile - expected * n as f64).abs() < 4.0 * sigma, "{on_tile} of {n}");
    }
}
