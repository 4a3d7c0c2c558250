//! Physics of the microwave sky: cosmology, haloes, gas, lensing and spectra.
//!
//! What goes in: a [`Cosmology`], masses with their definition in the type, redshifts, frequencies, angles. What comes
//! out: `f64` numbers or newtypes of `arcmin-units`. There are no pixels, no Fourier transforms and no files but the
//! tables that the crate carries inside (`data/README.md` tells their origin).
//!
//! Conventions: Msun and Mpc without h; densities per physical Mpc^3 unless `comoving_` is said; temperatures in
//! thermodynamic uK_CMB; `C_l` in uK^2 sr, `D_l = l(l+1) C_l / (2 pi)` in uK^2. Functions of redshift take z of 0 or
//! more, functions of mass a mass above 0. One published model a file; formulae cite a key and an equation.
//!
//! Begin with [`Cosmology`], then [`NfwHalo`] and [`pressure::Arnaud10`].
//!
//! # Papers
//! - `Arnaud10`: Arnaud et al., The universal galaxy cluster pressure profile, arXiv:0910.1234
//! - `Bartelmann96`: Bartelmann, Arcs from a universal dark-matter halo profile, astro-ph/9602053
//! - `Battaglia12`: Battaglia et al., On the cluster physics of Sunyaev-Zel'dovich and X-ray surveys II,
//!   arXiv:1109.3711
//! - `BryanNorman98`: Bryan & Norman, Statistical properties of X-ray clusters, astro-ph/9710107
//! - `deZotti05`: de Zotti et al., Predictions for high-frequency radio surveys of extragalactic sources,
//!   astro-ph/0410709
//! - `CavaliereFusco76`: Cavaliere & Fusco-Femiano, X-rays from hot plasma in clusters of galaxies, A&A 49, 137
//! - `DiemerJoyce19`: Diemer & Joyce, An accurate physical model for halo concentrations, arXiv:1809.07326
//! - `DiemerKravtsov15`: Diemer & Kravtsov, A universal model for halo concentrations, arXiv:1407.4730
//! - `Duffy08`: Duffy et al., Dark matter halo concentrations in the WMAP5 cosmology, arXiv:0804.2486
//! - `EisensteinHu98`: Eisenstein & Hu, Baryonic features in the matter transfer function, astro-ph/9709112
//! - `Geach17`: Geach et al., The SCUBA-2 Cosmology Legacy Survey: 850um maps, catalogues and number counts,
//!   arXiv:1607.03904
//! - `George15`: George et al., A measurement of secondary CMB anisotropies from the 2500 deg2 SPT-SZ survey,
//!   arXiv:1408.3161
//! - `Heath77`: Heath, The growth of density perturbations in zero pressure Friedmann-Lemaitre universes, MNRAS 179, 351
//! - `Itoh98`: Itoh, Kohyama & Nozawa, Relativistic corrections to the Sunyaev-Zeldovich effect, astro-ph/9712289
//! - `Mangano05`: Mangano et al., Relic neutrino decoupling including flavour oscillations, hep-ph/0506164
//! - `Meszaros74`: Meszaros, The behaviour of point masses in an expanding cosmological substratum, A&A 37, 225
//! - `Nagai07`: Nagai, Kravtsov & Vikhlinin, Effects of galaxy formation on the intracluster medium, astro-ph/0703661
//! - `Planck13XI`: Planck 2013 results XI, All-sky model of thermal dust emission, arXiv:1312.1300
//! - `Planck15`: Planck 2015 results XIII, arXiv:1502.01589
//! - `Planck18`: Planck 2018 results VI, arXiv:1807.06209
//! - `Sehgal10`: Sehgal et al., Simulations of the microwave sky, arXiv:0908.0540
//! - `Shaw10`: Shaw et al., Impact of cluster physics on the Sunyaev-Zel'dovich power spectrum, arXiv:1006.1945
//! - `Shaw12`: Shaw, Rudd & Nagai, Deconstructing the kinetic SZ power spectrum, arXiv:1109.0553
//! - `SunyaevZeldovich72`, `SunyaevZeldovich80`: Comm. Astrophys. Space Phys. 4, 173; MNRAS 190, 413
//! - `Tinker08`: Tinker et al., Toward a halo mass function for precision cosmology, arXiv:0803.2706
//! - `Tinker10`: Tinker et al., The large-scale bias of dark matter halos, arXiv:1001.3162
//! - `WrightBrainerd00`: Wright & Brainerd, Gravitational lensing by NFW halos, astro-ph/9908213
//! - `Zahn12`: Zahn et al., Cosmic microwave background constraints on the duration and timing of reionization,
//!   arXiv:1111.6386

mod cosmology;
mod distances;
mod error;

pub mod mass_definition;
pub mod power;

pub mod concentration;
pub mod mass_function;

mod nfw;
mod nfw_lens;

mod beta_gas;
pub mod pressure;

pub mod brightness;
pub mod sz;

pub mod foregrounds;
pub mod galactic_dust;
pub mod source_counts;
pub mod spectra;

mod quadrature;
mod table;

pub use beta_gas::{BetaGas, CORE_RADIUS as BETA_GAS_CORE_RADIUS, X_MAX as BETA_GAS_X_MAX};
pub use concentration::{Concentration, DiemerKravtsov15, Duffy08};
pub use cosmology::{Cosmology, CosmologyParameters};
pub use error::Error;
pub use mass_function::{Tinker08, Tinker10};
pub use nfw::NfwHalo;
pub use nfw_lens::NfwLens;
pub use power::LinearPower;
