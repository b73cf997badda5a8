//! Results in rows and columns, which become a table on the terminal, CSV and JSON.

use crate::output::csv_number;
use crate::table::{number, table};
use serde_json::{Map, Value, json};

/// Standard errors to either side of a normally distributed value that make an interval of 95 %.
pub(crate) const NORMAL_95: f64 = 1.959_963_984_540_054;

/// The same where the standard error comes from few trials: the 97.5 % point of Student's t with one degree of freedom less.
///
/// Abramowitz & Stegun 26.7.5; within 0.05 for three trials, 0.001 from eight on.
pub(crate) fn student_95(trials: usize) -> f64 {
    let (z, freedom) = (NORMAL_95, trials as f64 - 1.0);
    let terms = [
        (z.powi(3) + z) / 4.0,
        (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
        (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
        (79.0 * z.powi(9) + 776.0 * z.powi(7) + 1482.0 * z.powi(5) - 1920.0 * z.powi(3) - 945.0 * z) / 92_160.0,
    ];
    z + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom)
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name.
    Text,
    /// A number without uncertainty.
    Number,
    /// A number with its standard error.
    Estimate,
    /// A difference with the interval of 95 % around it.
    Difference,
    /// A number within an interval of its own.
    Interval,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// Name in files, with its unit.
    pub(crate) key: &'static str,
    /// Name on the terminal.
    pub(crate) heading: &'static str,
    pub(crate) kind: Kind,
    /// Decimals on the terminal.
    pub(crate) decimals: usize,
}

/// What stands in a row under a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    /// Not finite where there is none.
    Value(Estimate),
    /// Value, lower and upper end; not finite where there are none.
    Interval([f64; 3]),
}

/// A value and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    /// NaN where it is not known.
    pub(crate) error: f64,
}

/// Rows under columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Records {
    /// Name of the file.
    pub(crate) name: String,
    pub(crate) caption: String,
    /// Standard errors to either side of a difference that make its interval.
    pub(crate) reach: f64,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Column {
    pub(crate) const fn new(key: &'static str, heading: &'static str, kind: Kind, decimals: usize) -> Column {
        Column { key, heading, kind, decimals }
    }

    /// Names in files.
    fn keys(&self) -> Vec<String> {
        match self.kind {
            Kind::Text | Kind::Number => vec![self.key.to_owned()],
            Kind::Estimate => vec![self.key.to_owned(), format!("{}_sem", self.key)],
            Kind::Difference | Kind::Interval => ["", "_low", "_high"].map(|end| format!("{}{end}", self.key)).to_vec(),
        }
    }

    /// What stands under these names.
    fn values(&self, cell: &Cell, reach: f64) -> Vec<Value> {
        let Estimate { value, error } = match cell {
            Cell::Text(text) => return vec![json!(text)],
            Cell::Interval(ends) => return ends.map(|end| json!(end)).to_vec(),
            Cell::Value(estimate) => *estimate,
        };
        match self.kind {
            Kind::Text | Kind::Number => vec![json!(value)],
            Kind::Estimate => vec![json!(value), json!(error)],
            Kind::Difference | Kind::Interval => {
                vec![json!(value), json!(value - reach * error), json!(value + reach * error)]
            }
        }
    }

    fn shown(&self, cell: &Cell, reach: f64) -> String {
        let Estimate { value, error } = match cell {
            Cell::Text(text) => return text.clone(),
            Cell::Interval([value, low, high]) => {
                let known = low.is_finite() && high.is_finite();
                let sign = if self.kind == Kind::Difference && 0.0 < *value && value.is_finite() { "+" } else { "" };
                let [value, low, high] = [value, low, high].map(|x| number(*x, self.decimals));
                return if known { format!("{sign}{value} [{low}, {high}]") } else { format!("{sign}{value}") };
            }
            Cell::Value(estimate) => *estimate,
        };
        let shown = |x: f64| number(x, self.decimals);
        match self.kind {
            _ if !error.is_finite() || !value.is_finite() => shown(value),
            Kind::Text | Kind::Number => shown(value),
            Kind::Estimate => format!("{} ± {}", shown(value), shown(error)),
            Kind::Difference | Kind::Interval => {
                let half = reach * error;
                format!("{value:+.*} [{}, {}]", self.decimals, shown(value - half), shown(value + half))
            }
        }
    }
}

impl Cell {
    pub(crate) fn number(value: f64) -> Cell {
        Cell::Value(Estimate { value, error: f64::NAN })
    }

    /// A number that may be missing.
    pub(crate) fn optional(value: Option<f64>) -> Cell {
        Cell::number(value.unwrap_or(f64::NAN))
    }
}

impl Estimate {
    /// Of a number that is known.
    pub(crate) fn exact(value: f64) -> Estimate {
        Estimate { value, error: 0.0 }
    }

    /// How much more this is than another, independent one.
    pub(crate) fn minus(self, other: Estimate) -> Estimate {
        Estimate { value: self.value - other.value, error: self.error.hypot(other.error) }
    }

    /// Whether zero lies within so many standard errors.
    pub(crate) fn holds_zero(self, reach: f64) -> bool {
        self.value.abs() <= reach * self.error
    }
}

impl Records {
    pub(crate) fn text(&self) -> String {
        let headings: Vec<&str> = self.columns.iter().map(|column| column.heading).collect();
        let shown = |row: &Vec<Cell>| {
            self.columns.iter().zip(row).map(|(column, cell)| column.shown(cell, self.reach)).collect()
        };
        let rows: Vec<Vec<String>> = self.rows.iter().map(shown).collect();
        format!("{}\n{}", self.caption, table(&headings, &rows))
    }

    pub(crate) fn document(&self) -> Value {
        let row = |row: &Vec<Cell>| -> Value {
            let cells = self.columns.iter().zip(row);
            Value::Object(
                cells
                    .flat_map(|(column, cell)| column.keys().into_iter().zip(column.values(cell, self.reach)))
                    .collect::<Map<_, _>>(),
            )
        };
        self.rows.iter().map(row).collect()
    }

    /// Names of the columns of the CSV file.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.columns.iter().flat_map(Column::keys).collect()
    }

    /// Rows of the CSV file.
    pub(crate) fn csv_rows(&self) -> Vec<Vec<String>> {
        let field = |value: Value| match value {
            Value::String(text) => text.replace(',', ";"),
            value => csv_number(value.as_f64().unwrap_or(f64::NAN)),
        };
        let cells = |row: &Vec<Cell>| {
            self.columns.iter().zip(row).flat_map(|(column, cell)| column.values(cell, self.reach)).map(field).collect()
        };
        self.rows.iter().map(cells).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_in_three_forms() {
        let estimate = |value, error| Cell::Value(Estimate { value, error });
        let records = Records {
            name: "rates".into(),
            caption: "Rates".into(),
            reach: 1.96,
            columns: vec![
                Column::new("drive", "drive", Kind::Text, 0),
                Column::new("published_hz", "published (Hz)", Kind::Number, 2),
                Column::new("rate_hz", "rate (Hz)", Kind::Estimate, 1),
                Column::new("more_hz", "more (Hz)", Kind::Difference, 1),
                Column::new("loss", "loss", Kind::Interval, 2),
            ],
            rows: vec![
                vec![
                    Cell::Text("a, b".into()),
                    Cell::number(1.25),
                    estimate(2.0, 0.5),
                    estimate(1.0, 1.0),
                    Cell::Interval([0.5, 0.25, 1.0]),
                ],
                vec![
                    Cell::Text("c".into()),
                    Cell::optional(None),
                    estimate(2.0, f64::NAN),
                    estimate(f64::NAN, 1.0),
                    Cell::Interval([0.5, f64::NAN, 1.0]),
                ],
            ],
        };
        let text = records.text();
        for part in ["1.25", "2.0 ± 0.5", "+1.0 [-1.0, 3.0]", "-", "0.50 [0.25, 1.00]"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(
            records.keys().join(","),
            "drive,published_hz,rate_hz,rate_hz_sem,more_hz,more_hz_low,more_hz_high,loss,loss_low,loss_high"
        );
        assert_eq!(records.csv_rows()[0].join(","), "a; b,1.25,2,0.5,1,-0.96,2.96,0.5,0.25,1");
        assert_eq!(records.csv_rows()[1].join(","), "c,,2,,,,,0.5,,1");
        assert_eq!(records.document()[0]["more_hz_high"], 2.96);
        assert!(records.document()[1]["published_hz"].is_null());
    }

    /// Student's t, from tables: 2.262 for ten trials, 3.182 for four, 4.303 for three.
    #[test]
    fn few_trials_widen_intervals() {
        for (trials, want, tolerance) in [(10, 2.262, 1e-3), (4, 3.182, 1e-2), (3, 4.303, 6e-2), (100_000, 1.960, 1e-3)]
        {
            assert!((student_95(trials) - want).abs() < tolerance, "{trials}: {}", student_95(trials));
        }
    }

    #[test]
    fn errors_of_differences_add_in_squares() {
        let difference = Estimate { value: 5.0, error: 3.0 }.minus(Estimate { value: 1.0, error: 4.0 });
        assert_eq!(difference, Estimate { value: 4.0, error: 5.0 });
        assert!(difference.holds_zero(1.0) && !difference.holds_zero(0.7));
    }
}
