//! Statistics as a table for the terminal.

use arcmin_scene::Statistic;

/// Significant digits of a number.
const DIGITS: i32 = 5;
const HEADINGS: [&str; 5] = ["statistic", "value", "target", "tolerance", ""];

/// Longest line of a name; what is longer goes on below.
const NAME_WIDTH: usize = 96;

/// The lines of the table: names to the left, numbers to the right, a verdict each, and a count at the end.
pub(super) fn lines(statistics: &[Statistic]) -> Vec<String> {
    let row = |s: &Statistic| {
        let verdict = if s.passes() { "pass" } else { "FAIL" };
        [s.name.clone(), number(s.value), number(s.target), number(s.tolerance), verdict.to_owned()]
    };
    let headings = std::iter::once(HEADINGS.map(str::to_owned));
    let rows: Vec<[String; 5]> = headings.chain(statistics.iter().map(row)).flat_map(wrapped).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |[name, value, target, tolerance, verdict]: &[String; 5]| {
        let [a, b, c, d, _] = widths;
        format!("{name:a$}  {value:>b$}  {target:>c$}  {tolerance:>d$}  {verdict}").trim_end().to_owned()
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.insert(1, "-".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)));
    let passed = statistics.iter().filter(|s| s.passes()).count();
    lines.push(format!("{passed} of {} statistics pass", statistics.len()));
    lines
}

/// A row whose name has one line, and rows of the rest of its name alone.
fn wrapped([name, value, target, tolerance, verdict]: [String; 5]) -> Vec<[String; 5]> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in name.split(' ') {
        let last = lines.last_mut().expect("never empty");
        if last.chars().count() + word.chars().count() < NAME_WIDTH || last.is_empty() {
            let space = if last.is_empty() { "" } else { " " };
            *last = format!("{last}{space}{word}");
        } else {
            lines.push(format!("  {word}"));
        }
    }
    let mut rows: Vec<[String; 5]> =
        lines.into_iter().map(|name| [name, "".into(), "".into(), "".into(), "".into()]).collect();
    rows[0][1..].clone_from_slice(&[value, target, tolerance, verdict]);
    rows
}

/// A number with five significant digits, in powers of ten only where it is very large or small.
fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-4..7).contains(&exponent) {
        return format!("{value:.*e}", (DIGITS - 2) as usize);
    }
    format!("{value:.*}", (DIGITS - 1 - exponent).clamp(0, 8) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_misses_are_told() {
        let statistic =
            |name: &str, value, target, tolerance| Statistic { name: name.to_owned(), value, target, tolerance };
        let lines = lines(&[
            statistic("noise, uK", 11.203_44, 11.2, 0.13),
            statistic("largest deflection, arcmin", 0.217_43, 0.217_426, 2e-4),
            statistic("slope", 2.5, 1.79, 0.03),
        ]);
        assert_eq!(
            lines,
            [
                "statistic                     value   target   tolerance",
                "--------------------------------------------------------------",
                "noise, uK                    11.203   11.200     0.13000  pass",
                "largest deflection, arcmin  0.21743  0.21743  0.00020000  pass",
                "slope                        2.5000   1.7900    0.030000  FAIL",
                "2 of 3 statistics pass",
            ]
        );
    }

    #[test]
    fn long_names_go_on_below() {
        let name = format!("{} and the rest", "word ".repeat(19).trim_end());
        let lines = lines(&[Statistic { name, value: 1.0, target: 1.0, tolerance: 0.1 }]);
        assert!(lines[2].starts_with("word word") && lines[2].ends_with("  pass"), "{lines:?}");
        assert_eq!(lines[3], "  and the rest");
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn numbers_keep_five_digits() {
        let cases = [(0.0, "0"), (1.0, "1.0000"), (-123_456.7, "-123457"), (3e-9, "3.000e-9"), (f64::NAN, "NaN")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }
}
