//! In what two configurations differ, key by key: for the error with which a folder of another run is refused.

use std::collections::{BTreeMap, BTreeSet};

/// Differences that a line lists.
const LISTED: usize = 5;

/// The keys in which two TOML texts differ and both values, `bands.0.nu_ghz is 90.0 there, 91.0 here`, on one line of five
/// at most; `None` when there are none.
///
/// A comment `# PATH CHECKSUM` is the value of the key `content of PATH`. Keys that are ignored may differ.
///
/// # Errors
/// A text that is no TOML.
pub fn differences(theirs: &str, ours: &str, ignored: &[&str]) -> Result<Option<String>, toml::de::Error> {
    let (theirs, ours) = (entries(theirs)?, entries(ours)?);
    let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let absent = || "absent".to_owned();
    let differences: Vec<String> = keys
        .into_iter()
        .filter(|key| !ignored.contains(&key.as_str()) && theirs.get(*key) != ours.get(*key))
        .map(|key| {
            let [there, here] = [&theirs, &ours].map(|entries| entries.get(key).cloned().unwrap_or_else(absent));
            format!("{key} is {there} there, {here} here")
        })
        .collect();
    let more = differences.len().saturating_sub(LISTED);
    let more = if more > 0 { format!("; {more} more") } else { String::new() };
    let listed = differences[..differences.len().min(LISTED)].join("; ");
    Ok((!differences.is_empty()).then(|| listed + &more))
}

/// Every value by its key, and every checksum by its file.
fn entries(text: &str) -> Result<BTreeMap<String, String>, toml::de::Error> {
    let mut entries = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        let (path, checksum) = line.rsplit_once(' ').unwrap_or((line, ""));
        entries.insert(format!("content of {path}"), checksum.to_owned());
    }
    flatten(String::new(), &toml::Value::Table(toml::from_str(text)?), &mut entries);
    Ok(entries)
}

fn flatten(key: String, value: &toml::Value, entries: &mut BTreeMap<String, String>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        toml::Value::Table(table) => table.iter().for_each(|(name, value)| flatten(below(name), value, entries)),
        toml::Value::Array(list) if list.iter().any(toml::Value::is_table) => {
            list.iter().enumerate().for_each(|(idx, value)| flatten(below(&idx.to_string()), value, entries));
        }
        other => {
            entries.insert(key, other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEIRS: &str = "seed = 1\nlist = [1, 2]\n[tiles]\nn_test = 4\n[[bands]]\nnu_ghz = 90.0\n";

    fn told(from: &str, to: &str) -> String {
        differences(THEIRS, &THEIRS.replace(from, to), &["tiles.n_test"]).expect("TOML").unwrap_or_default()
    }

    #[test]
    fn differences_are_told_by_key_with_both_values() {
        assert_eq!(told("seed = 1", "seed = 2"), "seed is 1 there, 2 here");
        assert_eq!(told("90.0", "91.0"), "bands.0.nu_ghz is 90.0 there, 91.0 here");
        assert_eq!(told("[1, 2]", "[2]"), "list is [1, 2] there, [2] here");
        assert_eq!(told("seed = 1\n", ""), "seed is 1 there, absent here");
        assert_eq!(told("seed", "# beam.txt blake3:ab\nseed"), "content of beam.txt is absent there, blake3:ab here");
    }

    #[test]
    fn ignored_keys_may_differ() {
        assert_eq!(told("n_test = 4", "n_test = 9"), "");
        assert_eq!(differences(THEIRS, THEIRS, &[]).expect("TOML"), None);
    }

    #[test]
    fn long_lists_of_differences_are_cut() {
        let many: String = (0..9).map(|k| format!("key{k} = {k}\n")).collect();
        let message = differences("", &many, &[]).expect("TOML").expect("a difference");
        assert!(message.ends_with("key4 is absent there, 4 here; 4 more"), "{message}");
    }

    #[test]
    fn what_is_no_toml_is_an_error() {
        assert!(differences("seed = ", "", &[]).is_err());
    }
}
