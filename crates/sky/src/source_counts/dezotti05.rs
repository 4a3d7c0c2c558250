//! De Zotti et al. 2005: radio sources.

use arcmin_units::Ghz;

use super::SourceCounts;
use crate::table::data_lines;

/// Radio sources at 150 GHz, from 0.01 mJy to 10 Jy (deZotti05; their model at this frequency, flat- and steep-spectrum
/// sources together).
///
/// The shipped table holds `log10 S^2.5 dN/dS` in steps of 0.1 dex; the counts are power laws in between.
///
/// ```
/// use arcmin_sky::source_counts::dezotti05_150ghz;
/// assert!((dezotti05_150ghz().n_above_per_deg2(6.4) - 1.013).abs() < 0.003);
/// ```
pub fn dezotti05_150ghz() -> SourceCounts {
    let text = include_str!("../../../../data/radio_counts_150ghz_dezotti05.txt");
    let rows = data_lines(text).map(|(_, line)| {
        let mut numbers = line.split_whitespace().map(|word| word.parse::<f64>().expect("the tests read this table"));
        let mut next = || numbers.next().expect("the tests read this table");
        let (log_s_jy, log_normalised) = (next(), next());
        let s_jy = 10f64.powf(log_s_jy);
        let per_jy_sr = 10f64.powf(log_normalised) * s_jy.powf(-2.5);
        (1e3 * s_jy, 1e-3 * per_jy_sr)
    });
    SourceCounts::new(Ghz::new(150.0), rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_met() {
        let counts = dezotti05_150ghz();
        let [first, last] = counts.range_mjy();
        assert!((first / 0.01 - 1.0).abs() < 1e-12 && (last / 1e4 - 1.0).abs() < 1e-12);
        // Rows at log10 S = -3.0 and 0.0.
        for (s_jy, log_normalised) in [(1e-3, -0.164), (1.0, 1.461)] {
            let normalised = 1e3 * counts.dn_ds_per_mjy_sr(1e3 * s_jy) * f64::powf(s_jy, 2.5);
            assert!((normalised.log10() - log_normalised).abs() < 1e-9);
        }
    }
}
