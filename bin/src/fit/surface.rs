//! The fitted models over the whole plane of mean and noise, and how far each stays from the points.

use super::figure::model_label;
use super::report::FittedSurface;
use crate::figure::{Axis, Colours, Figure, HeatMap, Plate};
use crate::response::SigmaText;
use sim::theory::Fit;

/// Rates at the lines (Hz).
const LEVELS: [f64; 9] = [1.0, 10.0, 25.0, 50.0, 75.0, 100.0, 125.0, 150.0, 200.0];

/// Columns and rows of a model's map.
const FINE: [u32; 2] = [110, 80];

/// Height of a panel (mm), and the width of one without a colour bar and of one with it, so that two fill a page.
const HEIGHT_MM: f64 = 62.0;
const WIDTH_MM: [f64; 2] = [82.0, 98.0];

impl FittedSurface {
    /// Maps of the models above, of their residuals below; None without several means and sigmas.
    pub(super) fn maps(&self) -> Option<Plate> {
        let ascending = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values.dedup();
        };
        let (mut means, mut sigmas) = (self.curves.points.iter().map(|p| p.mu).collect(), self.curves.sigmas());
        ascending(&mut means);
        ascending(&mut sigmas);
        if means.len() < 2 || sigmas.len() < 2 {
            return None;
        }
        let fits = self.drawn();
        let highest = self.curves.points.iter().map(|p| p.measured.rate).fold(0.0, f64::max);
        let largest = fits.iter().map(|fit| fit.largest_residual()).fold(0.0, f64::max);
        let panel = |number: usize, what: &str, map: HeatMap, bar: &str| {
            let unit = SigmaText(self.curves.fluctuation).unit().replace("sqrt(ms)", "√ms");
            let mut figure = Figure::new(Axis::linear("Mean current (nA)"), Axis::linear(format!("σ ({unit})")));
            let last = (number + 1).is_multiple_of(fits.len());
            figure.heat_map = Some(HeatMap { bar: last.then(|| bar.to_owned()), ..map });
            figure.title = format!("{}   {what}", char::from(b'a' + number as u8));
            (figure.height_mm, figure.width_mm) = (HEIGHT_MM, WIDTH_MM[usize::from(last)]);
            figure
        };
        let rates = fits.iter().enumerate().map(|(number, fit)| {
            let map =
                HeatMap { range: Some((0.0, highest)), contours: LEVELS.to_vec(), ..model_map(fit, &means, &sigmas) };
            panel(number, model_label(fit.response.model), map, "Firing rate (Hz)")
        });
        let residuals = fits.iter().enumerate().map(|(number, fit)| {
            let at = |mean: f64, sigma: f64| {
                let here = self.curves.points.iter().position(|p| p.mu == mean && p.sigma == sigma);
                here.map_or(f64::NAN, |index| fit.residuals[index])
            };
            let values = sigmas.iter().flat_map(|&sigma| means.iter().map(move |&mean| at(mean, sigma))).collect();
            let map = HeatMap::new(means.clone(), sigmas.clone(), values);
            let map = HeatMap { range: Some((-largest, largest)), colours: Colours::Deviations, ..map };
            panel(fits.len() + number, &format!("residuals, RMSE {:.2} Hz", fit.rmse), map, "Model − rate (Hz)")
        });
        Some(Plate { rows: vec![rates.collect(), residuals.collect()] })
    }
}

/// A model between the lowest and the highest mean and sigma.
fn model_map(fit: &Fit, means: &[f64], sigmas: &[f64]) -> HeatMap {
    let fine = |values: &[f64], n: u32| -> Vec<f64> {
        let (low, high) = (values[0], values[values.len() - 1]);
        (0..=n).map(|i| low + (high - low) * f64::from(i) / f64::from(n)).collect()
    };
    let (x, y) = (fine(means, FINE[0]), fine(sigmas, FINE[1]));
    let values = y.iter().flat_map(|&sigma| x.iter().map(move |&mean| fit.response.rate(mean, sigma))).collect();
    HeatMap::new(x, y, values)
}
