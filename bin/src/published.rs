//! Published numbers in files that the program carries with it.

use anyhow::{Context, Result, bail};

/// The lines of a CSV file that begins with comments and the names of its `N` columns, each made into an entry.
///
/// # Errors
///
/// Names the line that has another number of fields, or of which `entry` makes nothing.
pub(crate) fn entries<const N: usize, T>(
    name: &str,
    text: &'static str,
    entry: impl Fn([&'static str; N]) -> Result<T>,
) -> Result<Vec<T>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')).skip(1);
    let parse = |line: &'static str| {
        let fields: Vec<&'static str> = line.split(',').collect();
        match fields.as_slice().first_chunk::<N>() {
            Some(&chunk) if fields.len() == N => entry(chunk),
            _ => bail!("expected {N} fields, found {}", fields.len()),
        }
    };
    lines.map(|(number, line)| parse(line).with_context(|| format!("{name}, line {}: {line}", number + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_names_are_passed_over_and_damage_is_told() {
        let pair = |[name, value]: [&'static str; 2]| Ok((name, value.parse::<f64>()?));
        let read = |text| entries("some.csv", text, pair);
        assert_eq!(read("# about\nname,value\na,1.5\n").unwrap(), [("a", 1.5)]);
        for (text, words) in
            [("name,value\na,1,2\n", "expected 2 fields, found 3"), ("name,value\na,b\n", "line 2: a,b")]
        {
            assert!(format!("{:#}", read(text).unwrap_err()).contains(words));
        }
    }
}
