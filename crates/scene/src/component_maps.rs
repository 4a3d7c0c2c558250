//! The sky of one component alone.

use crate::render::Renderer;
use crate::{Component, Error, Haloes, Setup, Simulator, Split};
use arcmin_maps::{Band, BandMap, Map};

impl Simulator {
    /// What one component adds to each band of a tile, beams included; the sum over the components is [`Self::scene`]'s sky
    /// to the rounding of single precision.
    ///
    /// What `halo_lensing` adds is the lensed CMB less the unlensed one; what `noise` adds is seen through no beam. The
    /// noise level that the bands tell is zero but for `noise`.
    ///
    /// # Errors
    /// Those of [`Self::scene`], and a component that the sky does not have.
    pub fn component_bands(
        &self,
        split: Split,
        tile: usize,
        component: Component,
        haloes: Haloes,
    ) -> Result<Vec<Band>, Error> {
        if !self.setup().has(component) {
            return Err(Error::ComponentNotKept { component });
        }
        if component != Component::HaloLensing {
            return self.bands_of(&[component], split, tile, haloes);
        }
        let lensed = self.bands_of(&[Component::Cmb, component], split, tile, haloes)?;
        let unlensed = self.bands_of(&[Component::Cmb], split, tile, haloes)?;
        lensed.into_iter().zip(&unlensed).map(|(lensed, unlensed)| difference(lensed, unlensed)).collect()
    }

    /// The bands of a sky of some of the components, around the haloes of the whole sky.
    fn bands_of(
        &self,
        components: &[Component],
        split: Split,
        tile: usize,
        haloes: Haloes,
    ) -> Result<Vec<Band>, Error> {
        let context = self.tile_context(split, tile, haloes)?;
        let setup = Setup { components: components.to_vec(), ..self.setup().clone() };
        let renderer = Renderer::new(&setup, context.window)?;
        Ok(self.bands(&setup, &renderer, &context)?.0)
    }
}

fn difference(first: Band, second: &Band) -> Result<Band, Error> {
    let BandMap::Temperature { nu, map } = &first.map else { return Ok(first) };
    let pixels = map.pixels().iter().zip(second.map.pixels()).map(|(a, b)| a - b).collect();
    let map = BandMap::Temperature { nu: *nu, map: Map::new(map.geometry().clone(), pixels)? };
    Ok(Band { map, ..first })
}
