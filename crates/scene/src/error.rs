//! What can go wrong while a scene is made.

use crate::{Component, Split};

/// Errors of making or reading scenes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A map or geometry could not be built.
    #[error(transparent)]
    Maps(#[from] arcmin_maps::Error),
    /// A grid on the sphere that cannot be.
    #[error(transparent)]
    Sphere(#[from] arcmin_sphere::Error),
    /// Something that tiles have and full skies do not.
    #[error("{what} is made on flat tiles alone: leave it out of the description of a sky on the sphere")]
    NotOnSphere {
        /// The component, or what else it is.
        what: String,
    },
    /// A formula of physics was asked for something it does not cover.
    #[error(transparent)]
    Sky(#[from] arcmin_sky::Error),
    /// A grid could not be transformed.
    #[error(transparent)]
    Fft(#[from] arcmin_fft::Error),
    /// A scene beyond the end of its source was asked for.
    #[error("scene {index} does not exist: the source has {len}")]
    NoSuchScene {
        /// Index asked for.
        index: usize,
        /// Number of scenes.
        len: usize,
    },
    /// A number in the configuration that cannot be.
    #[error("{key} = {value}: it must be {must_be}")]
    BadValue {
        /// Key in the configuration.
        key: &'static str,
        /// The value given.
        value: f64,
        /// What the value must be.
        must_be: &'static str,
    },
    /// A component that the chosen foreground model does not have.
    #[error("component {component} is not part of the foreground model {model}")]
    ComponentNotInModel {
        /// The component.
        component: Component,
        /// Name of the model.
        model: &'static str,
    },
    /// A component without the table of its numbers.
    #[error("component {component} needs the table [{component}]")]
    NoTable {
        /// The component.
        component: Component,
    },
    /// The map of a component that the sky does not have.
    #[error("the sky has no component {component}: name it among its components")]
    ComponentNotKept {
        /// The component.
        component: Component,
    },
    /// Haloes that deflect a CMB which is not there.
    #[error("component halo_lensing deflects the CMB: name the component cmb too")]
    NothingToLens,
    /// A component named twice.
    #[error("component {component} is named twice")]
    DuplicateComponent {
        /// The component.
        component: Component,
    },
    /// A list with one value a band that has another length.
    #[error("{key} has {got} values, there are {n_bands} bands")]
    BandValues {
        /// Key in the configuration.
        key: &'static str,
        /// Number of bands.
        n_bands: usize,
        /// Number of values.
        got: usize,
    },
    /// More tiles than fit on the sky without overlap.
    #[error("{asked} {split} tiles asked for, {fit} of this size fit on the sky beside those of the other splits")]
    TooManyTiles {
        /// The split.
        split: Split,
        /// Number of tiles asked for.
        asked: usize,
        /// Number that fits.
        fit: usize,
    },
    /// A component that skies around single clusters do not have.
    #[error("component {component} is made of haloes: a sky around one cluster has that cluster alone")]
    NotAroundClusters {
        /// The component.
        component: Component,
    },
    /// Fields that cannot be drawn.
    #[error("the fields of pixel {pixel} follow from those before it: skies around clusters need noise in every band")]
    NoCovariance {
        /// The pixel, counted through all bands.
        pixel: usize,
    },
    /// A cluster that the tables do not hold.
    #[error("a cluster's {what} of {value} lies outside of {min} to {max}, which the description covers")]
    ClusterOutOfRange {
        /// What it is, with its unit.
        what: &'static str,
        /// The value asked for.
        value: f64,
        /// Least.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// A halo that cannot be painted.
    #[error("halo {id}: y0 {y0} and theta500 {theta500_arcmin} arcmin must be finite and theta500 above zero")]
    BadHalo {
        /// Its place in the list of those given.
        id: u64,
        /// Its central Compton y.
        y0: f64,
        /// Its angular size.
        theta500_arcmin: f64,
    },
}
