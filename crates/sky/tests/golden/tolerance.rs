//! All tolerances of the golden tests, relative unless said, each with its reason.

/// Constants of nature: CODATA releases differ in the eighth digit and G in the fifth.
pub(crate) const CONSTANTS: f64 = 1e-5;
/// Distances, densities and ages: the same model of radiation, different quadratures.
pub(crate) const DISTANCES: f64 = 1e-5;
/// Radii of haloes: colossus' critical density differs by 9e-6.
pub(crate) const RADII: f64 = 3e-5;
/// Masses converted at given concentration.
pub(crate) const CONVERSION: f64 = 1e-5;
/// Duffy08 is a closed formula.
pub(crate) const DUFFY08: f64 = 1e-6;
/// DiemerKravtsov15 depends on the slope of a tabulated spectrum.
pub(crate) const DIEMER_KRAVTSOV15: f64 = 0.005;
/// Linear power against colossus (EisensteinHu98) and CAMB (through a table).
pub(crate) const POWER: f64 = 0.002;
pub(crate) const SIGMA_R: f64 = 0.001;
/// Packages treat radiation in the growth differently by 0.1 to 0.3 percent.
pub(crate) const GROWTH: f64 = 0.003;
/// Mass function at a tabulated overdensity; at others packages interpolate differently by some percent.
pub(crate) const MASS_FUNCTION_200M: f64 = 0.005;
pub(crate) const MASS_FUNCTION_OTHER: f64 = 0.03;
/// The mass function over CAMB's spectrum adds the difference of two CAMB runs.
pub(crate) const MASS_FUNCTION_CAMB: f64 = 0.01;
pub(crate) const TINKER08_FORMULA: f64 = 1e-6;
/// Bias: the growth enters through the peak height.
pub(crate) const BIAS: f64 = 0.005;
pub(crate) const COUNTS: f64 = 0.03;
/// The reference takes `f = omega_m(z)^0.55`, which is good to a percent.
pub(crate) const VELOCITY: f64 = 0.02;
/// NFW lensing in closed form; colossus' densities differ by 9e-6.
pub(crate) const LENSING: f64 = 2e-5;
/// SZ spectra are closed formulae; the null at 217.5 GHz is compared absolutely.
pub(crate) const TSZ: f64 = 2e-6;
pub(crate) const TSZ_ABSOLUTE: f64 = 1e-6;
pub(crate) const KSZ: f64 = 1e-9;
/// Integrals of the pressure profile.
pub(crate) const Y: f64 = 1e-4;
/// Profiles of y, as a fraction of the central y: the reference misses 1.05e-4 of the cusp and interpolates linearly
/// between its radii, so that at large radii its own relative error is up to 2e-3. The next two hold our profiles.
pub(crate) const Y_CENTRE: f64 = 1.1e-4;
pub(crate) const LINE_INTEGRAL: f64 = 1e-10;
pub(crate) const PROJECTED_TABLE: f64 = 1e-7;
/// The reference smooths that interpolated profile; the fraction of the central y is allowed besides.
pub(crate) const Y_SMOOTHED: f64 = 1e-3;
/// pyccl's pressure has other constants of nature.
pub(crate) const PRESSURE: f64 = 0.005;
/// The scaling relation of Arnaud10 is a fit to the integrals of the profile.
pub(crate) const ARNAUD10_RELATION: f64 = 0.02;
/// The scales differ in the constants of physics and in the radiation of the background.
pub(crate) const BATTAGLIA12: f64 = 2e-5;
pub(crate) const UNITS: f64 = 1e-6;
/// Shipped CMB tables against the run they come from: what thinning leaves.
pub(crate) const CMB: f64 = 1e-4;
pub(crate) const CMB_CORRELATION: f64 = 0.005;
/// Best-fit curves of George15 at l = 3000.
pub(crate) const GEORGE15_SHAPE: f64 = 0.001;
pub(crate) const GEORGE15_D_ELL: f64 = 0.005;
pub(crate) const GEORGE15_SCALING: f64 = 1e-4;
/// Source counts: the same table, other quadratures and, for the faintest cut, other least fluxes.
pub(crate) const SOURCE_COUNTS: f64 = 0.005;
/// The form of the dusty counts has closed integrals.
pub(crate) const DUSTY_COUNTS: f64 = 1e-3;
pub(crate) const GALACTIC_DUST: f64 = 1e-4;
