//! The colours of heat maps: a path through OKLab of steadily rising lightness and equal steps.
//!
//! Readers with any kind of colour blindness, and grey printers, see the order of the values by their lightness alone.

use std::sync::OnceLock;

/// Colours in the table.
const COLOURS: usize = 256;

/// Ends and control point of the quadratic Bezier curve: lightness, green to red, blue to yellow (OKLab, Ottosson 2020). It runs from
/// dark violet over blue-green to yellow, inside sRGB.
const PATH: [[f64; 3]; 3] = [[0.25, 0.06, -0.11], [0.55, -0.17, -0.09], [0.92, -0.04, 0.17]];

/// Colour (sRGB) of a place between 0 and 1; places beyond have the colours of the ends.
pub(super) fn colour(fraction: f64) -> [u8; 3] {
    static TABLE: OnceLock<Vec<[u8; 3]>> = OnceLock::new();
    let table = TABLE.get_or_init(|| path().map(|lab| linear_rgb(lab).map(encoded)).collect());
    let last = (COLOURS - 1) as f64;
    table[(fraction * last).round().clamp(0.0, last) as usize]
}

/// Whether black is easier to read than white on a colour (relative luminance of WCAG 2, where both contrasts are equal).
pub(super) fn is_light(rgb: [u8; 3]) -> bool {
    let [red, green, blue] = rgb.map(|value| decoded(f64::from(value) / 255.0));
    0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179
}

/// The colours in OKLab, equally far apart along the curve.
fn path() -> impl Iterator<Item = [f64; 3]> {
    const FINE: usize = 16 * COLOURS;
    let at = |t: f64| {
        [0, 1, 2].map(|i| (1.0 - t).powi(2) * PATH[0][i] + 2.0 * t * (1.0 - t) * PATH[1][i] + t * t * PATH[2][i])
    };
    let fine: Vec<[f64; 3]> = (0..=FINE).map(|i| at(i as f64 / FINE as f64)).collect();
    let mut lengths = vec![0.0];
    for pair in fine.windows(2) {
        lengths.push(lengths[lengths.len() - 1] + distance(pair[0], pair[1]));
    }
    let step = lengths[FINE] / (COLOURS - 1) as f64;
    (0..COLOURS).map(move |i| fine[lengths.partition_point(|&length| length < i as f64 * step).min(FINE)])
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// OKLab to linear sRGB.
fn linear_rgb([lightness, a, b]: [f64; 3]) -> [f64; 3] {
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let middle = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * middle + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * middle - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * middle + 1.707_614_701 * short,
    ]
}

/// The transfer function of sRGB (IEC 61966-2-1).
fn encoded(linear: f64) -> u8 {
    let value = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (255.0 * value).round() as u8
}

fn decoded(value: f64) -> f64 {
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_rises_in_equal_steps_inside_srgb() {
        let path: Vec<[f64; 3]> = path().collect();
        let steps: Vec<f64> = path.windows(2).map(|pair| distance(pair[0], pair[1])).collect();
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        for (pair, step) in path.windows(2).zip(&steps) {
            assert!(pair[1][0] > pair[0][0]);
            // The fine curve has 16 points to a step.
            assert!((step / mean - 1.0).abs() < 2.0 / 16.0, "{step} {mean}");
        }
        assert!(path.iter().flat_map(|&lab| linear_rgb(lab)).all(|value| (0.0..=1.0).contains(&value)));
    }

    #[test]
    fn conversion_is_that_of_oklab() {
        // White and red, from Ottosson's page and from an independent program (numpy): (1, 0, 0), (0.627955, 0.224863, 0.125846).
        assert_eq!(linear_rgb([1.0, 0.0, 0.0]).map(encoded), [255, 255, 255]);
        assert_eq!(linear_rgb([0.627_955, 0.224_863, 0.125_846]).map(encoded), [255, 0, 0]);
        assert_eq!([colour(0.0), colour(1.0), colour(-3.0)], [[44, 5, 84], [250, 233, 67], [44, 5, 84]]);
        assert!(is_light(colour(1.0)) && !is_light(colour(0.0)));
    }
}
