//! Tables for the terminal.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// A table of right-aligned cells without vertical lines, ending in a newline.
pub fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    let rule = LineStyle::none().fill('─').junction('─');
    table.load_style(TableStyle::new().top_border(rule).header_separator(rule).bottom_border(rule));
    table.set_header(columns);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_padding((1, 1));
    }
    format!("{table}\n")
}

/// From here on numbers have an exponent.
const HUGE: f64 = 1e9;

/// A number with so many decimals, with an exponent where it is huge, or a dash where there is none.
pub fn number(x: f64, decimals: usize) -> String {
    match x.abs() {
        size if size < HUGE => format!("{x:.decimals$}"),
        size if size < f64::INFINITY => format!("{x:.1e}"),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let shown = [0.126, -1e8, 1.757e18, -2e15, f64::INFINITY, f64::NAN].map(|x| number(x, 2));
        assert_eq!(shown, ["0.13", "-100000000.00", "1.8e18", "-2.0e15", "-", "-"]);
    }
}
