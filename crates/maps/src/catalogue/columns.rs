//! Column names with a fixed meaning, as the users of the field know them.

/// A column's name, unit and meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Name in the file.
    pub name: &'static str,
    /// Unit as FITS writes it, empty when dimensionless.
    pub unit: &'static str,
    /// What it holds.
    pub meaning: &'static str,
}

macro_rules! columns {
    ($($constant:ident = $name:literal, $unit:literal, $meaning:literal;)*) => {
        $(#[doc = concat!("`", $name, "`: ", $meaning, ".")] pub const $constant: &str = $name;)*

        /// All of them, in the order in which a catalogue is written.
        pub const STANDARD: &[ColumnInfo] = &[$(ColumnInfo { name: $name, unit: $unit, meaning: $meaning },)*];
    };
}

columns! {
    NAME = "name", "", "name made from the position";
    RA_DEG = "RADeg", "deg", "right ascension, ICRS, in degrees";
    DEC_DEG = "decDeg", "deg", "declination, ICRS, in degrees";
    SNR = "SNR", "", "signal to noise at the best scale";
    PROBABILITY = "probability", "", "probability that it is a cluster";
    SCORE = "score", "", "order of belief, without a scale of its own: larger is surer";
    Y_C = "y_c", "", "central Compton y at the best scale";
    ERR_Y_C = "err_y_c", "", "error of y_c";
    FIXED_SNR = "fixed_SNR", "", "signal to noise at the reference scale";
    FIXED_Y_C = "fixed_y_c", "", "central Compton y at the reference scale";
    FIXED_ERR_Y_C = "fixed_err_y_c", "", "error of fixed_y_c";
    TEMPLATE = "template", "", "name of the template of the best scale";
    TILE_NAME = "tileName", "", "tile of the search in which it was found";
    FLAGS = "flags", "", "sum of the bits of what may be wrong with the row";
    REDSHIFT = "redshift", "", "cosmological redshift";
    M500C = "M500c", "solMass", "mass within 500 times the critical density, in Msun without h";
    M200M = "M200m", "solMass", "mass within 200 times the mean density, in Msun without h";
    MVIR = "Mvir", "solMass", "virial mass after Bryan and Norman 1998, in Msun without h";
    TRUE_Y_C = "true_y_c", "", "central Compton y as painted, without beam";
    THETA500_ARCMIN = "theta500Arcmin", "arcmin", "angle under which R500c is seen, in arcmin";
    M200C = "M200c", "solMass", "mass within 200 times the critical density, in Msun without h";
    TRUE_Y500_MPC2 = "true_Y500", "Mpc2", "integrated Compton y in the sphere of R500c as painted, in Mpc^2";
    C200C = "c200c", "", "concentration R200c over the scale radius of the NFW profile";
    SZ_M200C = "sz_M200c", "solMass", "mass M200c from the SZ image, median of its posterior, in Msun without h";
    SZ_M200C_LOWER = "sz_M200c_lower", "solMass", "the 16th percentile of that posterior";
    SZ_M200C_UPPER = "sz_M200c_upper", "solMass", "the 84th percentile of that posterior";
    SZ_M200C_UNBIASED = "sz_M200c_unbiased", "solMass", "M200c from the SZ image without what the prior does to it: for means over clusters";
    SZ_M200C_MEAN = "sz_M200c_mean", "solMass", "the mean of that posterior";
    SZ_MASS_FLAGS = "sz_mass_flags", "", "sum of the bits of what may be wrong with that mass";
    FOUND_MVIR = "found_Mvir", "solMass", "virial mass by the finder itself, in Msun without h";
    FOUND_LN_MVIR_ERROR = "found_ln_Mvir_err", "", "one-sigma error of the natural logarithm of that mass";
    POSITION_ERROR_ARCMIN = "position_err", "arcmin", "one-sigma error of the position along each axis";
    VELOCITY_KM_S = "velocity", "km/s", "peculiar velocity along the line of sight, positive away from us, in km/s";
}

/// Columns that stay text even where every value looks like a number.
pub(super) const ALWAYS_TEXT: [&str; 3] = [NAME, TEMPLATE, TILE_NAME];

/// Unit of a standard column, empty for any other.
pub(super) fn unit_of(name: &str) -> &'static str {
    STANDARD.iter().find(|info| info.name == name).map_or("", |info| info.unit)
}
