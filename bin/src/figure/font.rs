//! The embedded font: its registration and the widths of its glyphs.
//!
//! plotters 0.3.7 places each glyph at its pen position and forgets the empty space at its left side, so that letters
//! stand unevenly. Widths and left sides are therefore read here from the font's own tables (OpenType specification:
//! `cmap` format 4, `hmtx`).

use std::sync::OnceLock;

use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform, register_font};

use super::error::FigureError;

/// A subset of DejaVu Sans with Latin, Greek and mathematical signs; licence beside it.
static LIF_SANS: &[u8] = include_bytes!("../../assets/LifSans.ttf");

/// Name under which the font is registered, and what an SVG viewer looks for.
const FAMILY: &str = "LifSans, DejaVu Sans, Verdana, sans-serif";

/// Horizontal measures of a glyph as multiples of the type size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    /// Distance to the pen position of the next glyph.
    pub(super) advance: f64,
    /// Distance from the pen position to the ink.
    pub(super) bearing: f64,
}

/// The font at a size in plotters' measure, turned or not; registers it when it is first needed.
pub(super) fn description(size: f64, transform: FontTransform) -> Result<FontDesc<'static>, FigureError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    if !REGISTERED.get_or_init(|| register_font(FAMILY, FontStyle::Normal, LIF_SANS).is_ok()) {
        return Err(FigureError::Drawing("the embedded font is damaged".into()));
    }
    Ok(FontDesc::new(FontFamily::Name(FAMILY), size, FontStyle::Normal).transform(transform))
}

/// Width of a text as a multiple of the type size.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(|c| glyph(c).advance).sum()
}

/// Ascender minus descender as a multiple of the type size, which is what plotters calls the size of a bitmap font.
pub(super) fn line_extent() -> f64 {
    let hhea = table(b"hhea");
    (signed(hhea + 4) - signed(hhea + 6)) / units_per_em()
}

/// Measures of the glyph of a character.
pub(super) fn glyph(character: char) -> Glyph {
    let long_metrics = unsigned(table(b"hhea") + 34);
    let index = glyph_index(character);
    let hmtx = table(b"hmtx");
    let last_long = index.min(long_metrics - 1);
    // Glyphs after the last long entry share its advance and have only their bearing listed.
    let bearing =
        if index < long_metrics { hmtx + 4 * index + 2 } else { hmtx + 4 * long_metrics + 2 * (index - long_metrics) };
    Glyph { advance: unsigned(hmtx + 4 * last_long) as f64 / units_per_em(), bearing: signed(bearing) / units_per_em() }
}

/// Number of a character's glyph; 0, the box for missing glyphs, if the font has none.
fn glyph_index(character: char) -> usize {
    let Ok(code) = u16::try_from(u32::from(character)) else { return 0 };
    let code = usize::from(code);
    // The embedded font has one mapping, in format 4, and each of its ranges is a shift of the code.
    let cmap = table(b"cmap");
    let mapping = cmap + (unsigned(cmap + 8) << 16) + unsigned(cmap + 10);
    let ranges = unsigned(mapping + 6) / 2;
    let (ends, starts) = (mapping + 14, mapping + 16 + 2 * ranges);
    let shifts = starts + 2 * ranges;
    let found = (0..ranges).find(|&i| code <= unsigned(ends + 2 * i) && unsigned(starts + 2 * i) <= code);
    found.map_or(0, |i| (code + unsigned(shifts + 2 * i)) % 65_536)
}

fn units_per_em() -> f64 {
    unsigned(table(b"head") + 18) as f64
}

/// Start of a table of the font.
fn table(name: &[u8; 4]) -> usize {
    let entries = LIF_SANS[12..].chunks_exact(16).take(unsigned(4));
    let entry = entries.into_iter().find(|entry| &entry[..4] == name).expect("the embedded font has this table");
    entry[8..12].iter().fold(0, |offset, &byte| offset << 8 | usize::from(byte))
}

fn unsigned(at: usize) -> usize {
    usize::from(u16::from_be_bytes([LIF_SANS[at], LIF_SANS[at + 1]]))
}

fn signed(at: usize) -> f64 {
    f64::from(i16::from_be_bytes([LIF_SANS[at], LIF_SANS[at + 1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_those_of_dejavu_sans() {
        // From the tables of the complete DejaVu Sans 2.37: digits are 1303 of 2048 wide, "1" starts at 225, "l" at 193.
        assert_eq!(glyph('1'), Glyph { advance: 1303.0 / 2048.0, bearing: 225.0 / 2048.0 });
        assert_eq!(glyph('l').bearing, 193.0 / 2048.0);
        assert_eq!(width("10"), 2.0 * 1303.0 / 2048.0);
        assert_eq!(line_extent(), (1901.0 + 483.0) / 2048.0);
    }

    #[test]
    fn every_character_of_our_labels_has_a_glyph() {
        for character in "−×±µσλΩ√·%°–⁻⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₊₋ₑₘₛ≤≥≈∞".chars()
        {
            assert_ne!(glyph_index(character), 0, "{character}");
        }
        assert_eq!(glyph_index('字'), 0);
    }
}
