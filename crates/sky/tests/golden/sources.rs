//! Sections 07b and 14: source counts and galactic dust.

use arcmin_sky::galactic_dust::temperature_ratio;
use arcmin_sky::source_counts::{FluxCut, SourcePopulation, SourceSpectrum, dezotti05_150ghz, geach17_219ghz};
use arcmin_sky::spectra::d_per_c;
use arcmin_units::Ghz;

use crate::table::Table;
use crate::tolerance;

#[test]
fn radio_counts_and_power_are_those_of_the_reference() {
    let counts = dezotti05_150ghz();
    for row in Table::parse(include_str!("radio_counts.csv")).rows() {
        // The reference ends its integrals at 2 Jy: all its numbers are short by the same 0.0018 per square degree.
        let up_to_2_jy = counts.n_above_per_deg2(row.number("above_mjy")) - counts.n_above_per_deg2(2000.0);
        row.check("per_deg2", up_to_2_jy, tolerance::SOURCE_COUNTS);
    }
    for row in Table::parse(include_str!("radio_power.csv")).rows() {
        let d_3000 = counts.c_ell_uk2_sr(row.number("below_mjy")) * d_per_c(3000.0);
        row.check("D3000_uK2", d_3000, tolerance::SOURCE_COUNTS);
    }
}

#[test]
fn dusty_counts_and_power_are_those_of_the_reference() {
    for row in Table::parse(include_str!("dusty_counts.csv")).rows() {
        let counts = geach17_219ghz(row.number("N0_deg2"), row.number("S0_mJy")).unwrap();
        row.check("N_gt_1mJy_219_deg2", counts.n_above_per_deg2(1.0), tolerance::DUSTY_COUNTS);
        let intensity = 1e-6 * counts.intensity_jy_sr(f64::INFINITY);
        row.check("mean_intensity_219_MJy_sr", intensity, tolerance::SOURCE_COUNTS);
        let spectrum = SourceSpectrum {
            break_nu: Ghz::new(148.0),
            index_below: row.number("index_90_150"),
            index_above: row.number("spectral_index_150_220"),
            scatter_below: 0.0,
            scatter_above: 0.0,
        };
        let galaxies = SourcePopulation { counts, spectrum };
        for (column, nu) in [("D3000_90", 90.0), ("D3000_148", 148.0), ("D3000_219", 219.0)] {
            let nu = Ghz::new(nu);
            let d_3000 = galaxies.cross_c_ell_uk2_sr(nu, nu, FluxCut::NONE) * d_per_c(3000.0);
            row.check(column, d_3000, tolerance::DUSTY_COUNTS);
        }
    }
}

#[test]
fn galactic_dust_scales_as_the_reference() {
    for row in Table::parse(include_str!("galactic_dust.csv")).rows() {
        let ratio = temperature_ratio(Ghz::new(row.number("nu_GHz")), Ghz::new(148.0));
        row.check("ratio", ratio, tolerance::GALACTIC_DUST);
    }
}
