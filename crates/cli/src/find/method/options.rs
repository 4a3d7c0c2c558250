//! Which options mean something to which method.

use super::{Entry, METHODS, one_of};
use crate::find::args::Args;
use anyhow::{Result, ensure};

/// An option that not all methods take, and whether it is given.
type Special = (&'static str, fn(&Args) -> bool);

const SPECIAL: [Special; 8] = [
    ("--profile", |args| args.profile.is_some()),
    ("--scales-arcmin", |args| args.scales_arcmin.is_some()),
    ("--ell-min", |args| args.ell_min.is_some()),
    ("--ell-max", |args| args.ell_max.is_some()),
    ("--config", |args| args.config.is_some()),
    ("--write-scales", |args| args.write_scales),
    ("--weights", |args| args.weights.is_some()),
    ("--combination", |args| args.combination.is_some()),
];

/// The options of the matched filter alone.
pub(super) const OF_THE_FILTER: &[&str] =
    &["--profile", "--scales-arcmin", "--ell-min", "--ell-max", "--config", "--write-scales"];

/// Refuses options that mean nothing to a method.
pub(super) fn check(args: &Args, entry: &Entry) -> Result<()> {
    for (option, is_given) in SPECIAL {
        let takers: Vec<&str> = METHODS.iter().filter(|e| e.takes.contains(&option)).map(|e| e.name).collect();
        ensure!(
            !is_given(args) || entry.takes.contains(&option),
            "{option} means nothing to --method {}: it goes with --method {}",
            entry.name,
            one_of(&takers)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_special_option_goes_with_a_method_and_each_option_of_a_method_is_special() {
        for (option, _) in SPECIAL {
            assert!(METHODS.iter().any(|entry| entry.takes.contains(&option)), "{option} goes with no method");
        }
        for taken in METHODS.iter().flat_map(|entry| entry.takes) {
            assert!(SPECIAL.iter().any(|(option, _)| option == taken), "{taken} is not looked for");
        }
    }
}
