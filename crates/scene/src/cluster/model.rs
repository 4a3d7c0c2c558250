//! The checked cluster model, and how a cluster is drawn from it.

use super::config::ClusterConfig;
use super::drawn::Cluster;
use super::gas::GasProfiles;
use super::mass_profile::{SubhaloProfile, nfw_enclosed, share_in_sphere};
use super::parts::{GasPart, HALO_EXTENT_R200, NfwPart, SubhaloPart};
use super::shape::{Ellipsoid, Triaxial, Vector, along, dot, draw_direction};
use super::state::DynamicalState;
use super::subhaloes::{Subhalo, draw_subhaloes};
use super::turbulence::TurbulenceModel;
use crate::stream::Draw;
use crate::{ConcentrationModel, Error, TileKey};
use arcmin_sky::mass_definition::radius;
use arcmin_sky::pressure::{Arnaud10, Gnfw};
use arcmin_sky::{Concentration, Cosmology, DiemerKravtsov15, Duffy08, LinearPower, NfwHalo};
use arcmin_units::{M200c, M500c, Redshift};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use std::sync::Arc;

/// Numbers of the draws of one cluster in its streams; they must never change.
const DRAW_HALO: u8 = 0;
const DRAW_SUBHALOES: u8 = 1;
const DRAW_TURBULENCE: u8 = 2;

/// Slope of the whole Compton y with mass (Arnaud10, Eq. 13): pressure times volume.
pub(crate) const Y_SLOPE: f64 = 2.0 / 3.0 + 0.12 + 1.0;
/// Mass at which the gas fraction is quoted.
const GAS_FRACTION_PIVOT_MSUN: f64 = 5e14;

/// A checked [`ClusterConfig`] in a cosmology, with the tables that all clusters share.
#[derive(Clone, Debug)]
pub struct ClusterModel {
    pub(super) config: ClusterConfig,
    pub(super) cosmology: Cosmology,
    power: LinearPower,
    pub(super) shared: Arc<SharedTables>,
    turbulence: Option<TurbulenceModel>,
}

/// Tables that clusters keep a hold of.
#[derive(Clone, Debug)]
pub(crate) struct SharedTables {
    pub(crate) gas: GasProfiles,
    pub(crate) subhalo: SubhaloProfile,
}

/// What is drawn of the main halo and of the second one, in the order of the stream.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    state: DynamicalState,
    shape: Triaxial,
    c_normal: f64,
    pressure_normal: f64,
    gas_normal: f64,
    velocity_normals: Vector,
    /// Centre of the gas in R200c.
    gas_offset_r200: Vector,
    merger: Merger,
}

/// The second halo of a disturbed cluster; drawn for all, so that streams stay in step.
#[derive(Clone, Copy, Debug)]
struct Merger {
    mass_ratio: f64,
    place_r200: Vector,
    /// From the halo to its gas.
    lag_r200: Vector,
}

/// A part with gas before its share is known.
struct GasHost {
    ellipsoid: Ellipsoid,
    mass: M200c,
    m500: M500c,
    core: DynamicalState,
    /// Share of its gas that it kept.
    kept: f64,
}

impl ClusterModel {
    /// Checks a configuration and makes its tables; some tenths of a second.
    ///
    /// # Errors
    /// The first value that cannot be: its key, and what it must be.
    pub fn new(config: &ClusterConfig, cosmology: &Cosmology) -> Result<Self, Error> {
        config.check()?;
        Ok(Self {
            cosmology: *cosmology,
            power: LinearPower::eisenstein_hu98(cosmology),
            shared: Arc::new(SharedTables {
                gas: GasProfiles::new(&config.gas.core_r500),
                subhalo: SubhaloProfile::new(config.subhaloes.truncation_scale_radii),
            }),
            turbulence: config.turbulence.stirs().then(|| TurbulenceModel::new(&config.turbulence)),
            config: config.clone(),
        })
    }

    /// The numbers of the model.
    pub fn config(&self) -> &ClusterConfig {
        &self.config
    }

    /// The cosmology of the model.
    pub fn cosmology(&self) -> &Cosmology {
        &self.cosmology
    }

    /// Its power spectrum, for mass functions.
    pub(crate) fn power(&self) -> &LinearPower {
        &self.power
    }

    /// Draws a cluster: the same bits for the same model, mass, redshift and key.
    ///
    /// # Errors
    /// A mass that is not from 1e12 to 1e16 Msun, or a redshift that is not from 0.001 to 5.
    pub fn draw(&self, m200c: M200c, z: Redshift, key: TileKey) -> Result<Cluster, Error> {
        let (mass, redshift) = (m200c.value(), z.value());
        crate::setup::require("M200c of a cluster", mass, (1e12..=1e16).contains(&mass), "from 1e12 to 1e16 Msun")?;
        crate::setup::require("redshift of a cluster", redshift, (1e-3..=5.0).contains(&redshift), "from 0.001 to 5")?;
        let stream = |what| key.stream(Draw::Cluster { what, index: 0 });
        let drawn = self.draw_halo(&mut stream(DRAW_HALO));
        let halo = self.halo(m200c, z, drawn.state, drawn.c_normal)?;
        let subhaloes = draw_subhaloes(&self.config.subhaloes, halo.c200c(), &drawn.shape, &mut stream(DRAW_SUBHALOES));
        let mut cluster = self.assemble(&drawn, &halo, &subhaloes)?;
        cluster.turbulence = self.turbulence.as_ref().map(|model| model.draw(&mut stream(DRAW_TURBULENCE)));
        Ok(cluster)
    }

    fn draw_halo(&self, rng: &mut impl Rng) -> Drawn {
        let (shares, halo, merger) = (&self.config.states, &self.config.halo, &self.config.merger);
        let at: f64 = rng.random();
        let state = match at {
            _ if at < shares.relaxed => DynamicalState::Relaxed,
            _ if at < shares.relaxed + shares.intermediate => DynamicalState::Intermediate,
            _ => DynamicalState::Disturbed,
        };
        let shortest = loop {
            let ratio = halo.axis_ratio_mean + halo.axis_ratio_sigma * normal(rng);
            // Without a scatter the mean itself is within the limits.
            if (halo.axis_ratio_min..=1.0).contains(&ratio) {
                break ratio;
            }
        };
        let middle = shortest + (1.0 - shortest) * rng.random::<f64>();
        let shape = Triaxial::draw_orientation([middle, shortest], rng);
        let [c_normal, pressure_normal, gas_normal, offset_normal]: [f64; 4] = std::array::from_fn(|_| normal(rng));
        let velocity_normals = std::array::from_fn(|_| normal(rng));
        let offset_r200 = halo.gas_offset_r200.of(state) * (halo.gas_offset_ln_scatter * offset_normal).exp();
        let gas_offset_r200 = draw_direction(rng).map(|component| component * offset_r200);
        let uniform = |[low, high]: [f64; 2], rng: &mut _| low + (high - low) * RngExt::random::<f64>(rng);
        let mass_ratio = uniform(merger.mass_ratio, rng);
        let distance_r200 = uniform(merger.distance_r200, rng);
        // Ahead of its gas on the way in or on the way out.
        let lag_r200 = uniform([-merger.gas_lag_max_r200, merger.gas_lag_max_r200], rng);
        let towards = draw_direction(rng);
        let merger = Merger {
            mass_ratio,
            place_r200: towards.map(|component| component * distance_r200),
            lag_r200: towards.map(|component| component * lag_r200),
        };
        Drawn { state, shape, c_normal, pressure_normal, gas_normal, velocity_normals, gas_offset_r200, merger }
    }

    /// The round halo that the cluster would be without substructure.
    fn halo(&self, m200c: M200c, z: Redshift, state: DynamicalState, c_normal: f64) -> Result<NfwHalo, Error> {
        let halo = &self.config.halo;
        let states = &self.config.states;
        let [mean_offset, _] = halo.ln_c_offset.moments(states);
        let ln_offset = halo.ln_c_offset.of(state) - mean_offset + halo.ln_c_scatter_in_state(states) * c_normal;
        let c200c = self.mean_c200c(m200c, z) * ln_offset.exp();
        Ok(NfwHalo::from_concentration(m200c, c200c, z, &self.cosmology)?)
    }

    fn mean_c200c(&self, mass: M200c, z: Redshift) -> f64 {
        match self.config.concentration {
            ConcentrationModel::Duffy08 => Duffy08.c200c(mass, z, &self.cosmology),
            ConcentrationModel::DiemerKravtsov15 => DiemerKravtsov15::new(&self.power).c200c(mass, z, &self.cosmology),
        }
    }

    /// The halo of a mass on the mean relation.
    fn mean_halo(&self, mass: M200c, z: Redshift) -> Result<NfwHalo, Error> {
        Ok(NfwHalo::from_concentration(mass, self.mean_c200c(mass, z), z, &self.cosmology)?)
    }

    /// Puts the parts together such that the mass within the sphere of R200c is M200c.
    fn assemble(&self, drawn: &Drawn, halo: &NfwHalo, subhaloes: &[Subhalo]) -> Result<Cluster, Error> {
        let (m200c, z) = (halo.mass_in::<M200c>(), halo.redshift());
        let r200_mpc = halo.radius_in::<M200c>().value();
        let scale = |in_r200: Vector| in_r200.map(|component| component * r200_mpc);
        let second = match drawn.state {
            DynamicalState::Disturbed => {
                let ratio = drawn.merger.mass_ratio;
                Some(self.mean_halo(M200c::new(m200c.value() * ratio / (1.0 + ratio)), z)?)
            }
            _ => None,
        };
        let second_part = second.as_ref().map(|second| {
            let ellipsoid = Ellipsoid::new(scale(drawn.merger.place_r200), &Triaxial::SPHERE);
            NfwPart::new(ellipsoid, second.mass_in::<M200c>().value(), second.scale_radius().value(), second.c200c())
        });
        let sub_parts = self.subhalo_parts(subhaloes, m200c, z, r200_mpc)?;
        let sub_inside_msun: f64 = sub_parts.iter().map(|part| self.subhalo_inside(part, r200_mpc)).sum();
        let second_inside_msun =
            second.as_ref().map_or(0.0, |second| second_inside(second, drawn.merger.place_r200, r200_mpc));
        let main_msun = m200c.value() - sub_inside_msun - second_inside_msun;
        // What a triaxial halo of this mass within the ellipsoid has within the sphere.
        let (c200c, x_max) = (halo.c200c(), HALO_EXTENT_R200 * halo.c200c());
        let in_sphere = drawn.shape.mean_in_sphere(|s| nfw_enclosed((c200c * s).min(x_max))) / nfw_enclosed(c200c);
        let main_part = NfwPart::new(
            Ellipsoid::new([0.0; 3], &drawn.shape),
            main_msun / in_sphere,
            halo.scale_radius().value(),
            c200c,
        );
        let hosts = self.gas_hosts(drawn, halo, main_msun, second.as_ref(), &sub_parts)?;
        Ok(Cluster {
            m200c,
            m500c: halo.mass_in::<M500c>(),
            redshift: z,
            c200c,
            r200_mpc,
            r500_mpc: halo.radius_in::<M500c>().value(),
            state: drawn.state,
            axis_ratios: drawn.shape.ratios(),
            velocity_km_s: drawn.velocity_normals.map(|n| n * self.config.bulk_velocity_rms_km_s),
            subhalo_frac: sub_inside_msun / m200c.value(),
            haloes: std::iter::once(main_part).chain(second_part).collect(),
            subhaloes: sub_parts,
            gas: self.gas_parts(drawn, halo, &hosts)?,
            turbulence: None,
            turbulence_config: self.config.turbulence.clone(),
            mpc_per_rad: self.cosmology.angular_diameter_distance(z).value(),
            shared: Arc::clone(&self.shared),
        })
    }

    fn subhalo_parts(
        &self,
        subhaloes: &[Subhalo],
        m200c: M200c,
        z: Redshift,
        r200_mpc: f64,
    ) -> Result<Vec<SubhaloPart>, Error> {
        let part = |subhalo: &Subhalo| -> Result<SubhaloPart, Error> {
            let mass_msun = subhalo.mu * m200c.value();
            let centre = subhalo.place_r200.map(|component| component * r200_mpc);
            let scale_radius_mpc = self.mean_halo(M200c::new(mass_msun), z)?.scale_radius().value();
            Ok(SubhaloPart { ellipsoid: Ellipsoid::new(centre, &Triaxial::SPHERE), scale_radius_mpc, mass_msun })
        };
        subhaloes.iter().map(part).collect()
    }

    /// Mass of a subhalo that lies within R200c of the cluster's centre.
    fn subhalo_inside(&self, part: &SubhaloPart, r200_mpc: f64) -> f64 {
        let profile = &self.shared.subhalo;
        let distance = dot(part.ellipsoid.centre, part.ellipsoid.centre).sqrt() / part.scale_radius_mpc;
        let radius = r200_mpc / part.scale_radius_mpc;
        part.mass_msun * share_in_sphere(|x| profile.enclosed(x), profile.x_max(), distance, radius)
    }

    /// Everything that has gas: the main halo, the second one, and subhaloes that are heavy enough.
    fn gas_hosts(
        &self,
        drawn: &Drawn,
        halo: &NfwHalo,
        main_msun: f64,
        second: Option<&NfwHalo>,
        subhaloes: &[SubhaloPart],
    ) -> Result<Vec<GasHost>, Error> {
        let r200_mpc = halo.radius_in::<M200c>().value();
        let m200c = halo.mass_in::<M200c>();
        let centre = drawn.gas_offset_r200.map(|component| component * r200_mpc);
        let mut hosts = vec![GasHost {
            ellipsoid: Ellipsoid::new(centre, &drawn.shape.rounded(self.config.gas.shape_kept)),
            mass: M200c::new(main_msun),
            m500: halo.mass_in::<M500c>(),
            core: drawn.state,
            kept: 1.0,
        }];
        let round = |centre: Vector, halo: &NfwHalo, kept: f64| GasHost {
            ellipsoid: Ellipsoid::new(centre, &Triaxial::SPHERE),
            mass: halo.mass_in::<M200c>(),
            m500: halo.mass_in::<M500c>(),
            core: DynamicalState::Intermediate,
            kept,
        };
        if let Some(second) = second {
            let place_r200 = along(drawn.merger.place_r200, 1.0, drawn.merger.lag_r200);
            hosts.push(round(place_r200.map(|component| component * r200_mpc), second, 1.0));
        }
        for part in subhaloes {
            if part.mass_msun >= self.config.subhaloes.gas_mu_min * m200c.value() {
                let distance_r200 = dot(part.ellipsoid.centre, part.ellipsoid.centre).sqrt() / r200_mpc;
                let kept = 1.0 - (-distance_r200 / self.config.subhaloes.stripping_r200).exp();
                let halo = self.mean_halo(M200c::new(part.mass_msun), halo.redshift())?;
                hosts.push(round(part.ellipsoid.centre, &halo, kept));
            }
        }
        Ok(hosts)
    }

    /// Shares out the gas: the parts together have the y of Arnaud10 for the cluster's M500c times its own amplitude, each
    /// in proportion to `M^1.79`, and the gas fraction of the cluster, each in proportion to its mass.
    fn gas_parts(&self, drawn: &Drawn, halo: &NfwHalo, hosts: &[GasHost]) -> Result<Vec<GasPart>, Error> {
        let (gas, z, m500) = (&self.config.gas, halo.redshift(), halo.mass_in::<M500c>());
        let ln_pressure = gas.ln_pressure_offset.of(drawn.state) + gas.pressure_ln_scatter * drawn.pressure_normal;
        let y_whole = Arnaud10::new(m500, z, &self.cosmology)?.y_total_mpc2() * gas.pressure_factor * ln_pressure.exp();
        let gas_fraction = gas.gas_fraction
            * (m500.value() / GAS_FRACTION_PIVOT_MSUN).powf(gas.gas_fraction_slope)
            * (gas.gas_fraction_ln_scatter * drawn.gas_normal).exp();
        let y_weight = |host: &GasHost| host.kept * host.mass.value().powf(Y_SLOPE);
        let mass_weight = |host: &GasHost| host.kept * host.mass.value();
        let y_sum: f64 = hosts.iter().map(y_weight).sum();
        let mass_sum: f64 = hosts.iter().map(mass_weight).sum();
        let part = |host: &GasHost| -> Result<GasPart, Error> {
            let profile = Arnaud10::new(host.m500, z, &self.cosmology)?;
            let r500_mpc = radius(host.m500, z, &self.cosmology).value();
            let amplitude = y_whole * y_weight(host) / y_sum / profile.y_total_mpc2();
            let gas_msun = gas_fraction * m500.value() * mass_weight(host) / mass_sum;
            Ok(GasPart {
                ellipsoid: host.ellipsoid,
                r500_mpc,
                y_per_mpc: amplitude * profile.y0() / (Gnfw::ARNAUD10.line_integral(0.0) * r500_mpc),
                tau_per_mpc: self.shared.gas.density.of(host.core).tau_per_mpc(gas_msun, r500_mpc),
                core: host.core,
            })
        };
        hosts.iter().map(part).collect()
    }
}

/// Mass of the second halo that lies within R200c of the cluster's centre.
fn second_inside(second: &NfwHalo, place_r200: Vector, r200_mpc: f64) -> f64 {
    let x_max = HALO_EXTENT_R200 * second.c200c();
    let whole = nfw_enclosed(x_max);
    let per_scale_radius = r200_mpc / second.scale_radius().value();
    let distance = dot(place_r200, place_r200).sqrt() * per_scale_radius;
    let share = share_in_sphere(|x| nfw_enclosed(x.min(x_max)) / whole, x_max, distance, per_scale_radius);
    second.mass_in::<M200c>().value() * whole / nfw_enclosed(second.c200c()) * share
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Split;
    use crate::cluster::ByState;
    use crate::cluster::mass_profile::nfw_radius_of_share;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn draw(tile: u64) -> (Cluster, Triaxial) {
        let mut config = ClusterConfig {
            states: ByState { relaxed: 0.0, intermediate: 0.0, disturbed: 1.0 },
            ..ClusterConfig::default()
        };
        config.turbulence.ln_rms_centre = 0.0;
        config.turbulence.ln_rms_r200 = 0.0;
        config.turbulence.velocity_rms_km_s = 0.0;
        config.halo.ln_c_offset = ByState::same(0.0);
        let model = ClusterModel::new(&config, &Cosmology::wmap7()).unwrap();
        let key = TileKey { seed: 2, split: Split::Test, tile };
        let shape = model.draw_halo(&mut key.stream(Draw::Cluster { what: DRAW_HALO, index: 0 })).shape;
        (model.draw(M200c::new(3e14), Redshift::new(0.67), key).unwrap(), shape)
    }

    /// Points drawn from every part in proportion to its mass, counted within R200c. One part in 400,000 points has an
    /// error of 0.1% of its mass: 0.3% is asked; false alarm below 1e-2 in all.
    #[test]
    fn all_parts_together_have_m200_within_r200() {
        for tile in 0..3 {
            let (cluster, shape) = draw(tile);
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(tile);
            let mut mass_msun = 0.0;
            let mut count = |mass: f64, n: usize, mut place: Box<dyn FnMut(&mut Xoshiro256PlusPlus) -> Vector>| {
                let inside = |_: &usize| {
                    let point = place(&mut rng);
                    dot(point, point).sqrt() < cluster.r200_mpc
                };
                mass_msun += mass * (0..n).filter(inside).count() as f64 / n as f64;
            };
            for (idx, part) in cluster.haloes.iter().enumerate() {
                let shape = if idx == 0 { shape } else { Triaxial::SPHERE };
                // The halo ends at twice its own R200c.
                let x_max = (1..100_000)
                    .map(|k| 1e-3 * f64::from(k))
                    .find(|&x| part.projected.at_square((x * x) as f32) == 0.0)
                    .unwrap();
                let (radius, centre) = (part.scale_radius_mpc, part.ellipsoid.centre);
                let mass = 2.0 * std::f64::consts::PI * part.surface_msun_mpc2 * radius.powi(2) * nfw_enclosed(x_max);
                let place = move |rng: &mut Xoshiro256PlusPlus| {
                    let r = radius * nfw_radius_of_share(rng.random(), x_max);
                    along(centre, r, shape.stretch(draw_direction(rng)))
                };
                count(mass, 400_000, Box::new(place));
            }
            for part in &cluster.subhaloes {
                let (radius, centre) = (part.scale_radius_mpc, part.ellipsoid.centre);
                let shared = Arc::clone(&cluster.shared);
                let place = move |rng: &mut Xoshiro256PlusPlus| {
                    let (profile, share) = (&shared.subhalo, rng.random::<f64>());
                    let (mut low, mut high) = (0.0, profile.x_max());
                    for _ in 0..40 {
                        let middle = 0.5 * (low + high);
                        if profile.enclosed(middle) < share { low = middle } else { high = middle }
                    }
                    along(centre, low * radius, draw_direction(rng))
                };
                count(part.mass_msun, 3000, Box::new(place));
            }
            assert!(cluster.subhaloes.len() > 30 && cluster.haloes.len() == 2);
            assert!((mass_msun / 3e14 - 1.0).abs() < 3e-3, "{tile}: {mass_msun:e}");
        }
    }
}
