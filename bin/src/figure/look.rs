//! temporary
use super::*;
fn noise(i: usize) -> f64 {
    let x = (i as f64 * 12.9898).sin() * 43758.5453;
    2.0 * (x - x.floor()) - 1.0
}
fn softplus(x: f64, k: f64, s: f64) -> f64 {
    k * s * (x / s).exp().ln_1p()
}
fn save(name: &str, f: &Figure) {
    std::fs::create_dir_all("/tmp/figs").unwrap();
    let t = std::time::Instant::now();
    std::fs::write(format!("/tmp/figs/{name}.png"), f.png().unwrap()).unwrap();
    println!("{name} {:?}", t.elapsed());
    std::fs::write(format!("/tmp/figs/{name}.svg"), f.svg().unwrap()).unwrap();
}
#[test]
fn look() {
    let mut f = Figure::new(Axis::linear("Mean current (nA)"), Axis::linear("Firing rate (Hz)"));
    let shapes = [Shape::Circle, Shape::Square, Shape::Triangle];
    for (j, sigma) in [0.2, 0.5, 1.0].into_iter().enumerate() {
        let xs: Vec<f64> = (0..=200).map(|i| -0.5 + 0.01 * i as f64).collect();
        let g = |x: f64, b: f64| softplus(x - 0.4, 80.0, 0.05 + 0.2 * sigma + b);
        let c = Colour::nth(j);
        f.series.push(Series {
            label: format!("σ = {sigma} nA"),
            colour: c,
            mark: Mark::Points(shapes[j]),
            points: (0..=16)
                .map(|i| {
                    let x = -0.5 + 0.125 * i as f64;
                    let y = g(x, 0.0);
                    Point::with_error(x, (y + 3.0 * noise(i + 20 * j)).max(0.0), 1.0 + 0.05 * y)
                })
                .collect(),
        });
        f.series.push(Series {
            label: String::new(),
            colour: c,
            mark: Mark::Line(Stroke::Dashed),
            points: xs.iter().map(|&x| Point::new(x, g(x, 0.03) * 1.06)).collect(),
        });
        f.series.push(Series {
            label: String::new(),
            colour: c,
            mark: Mark::Line(Stroke::Thin),
            points: xs.iter().map(|&x| Point::new(x, g(x, 0.0))).collect(),
        });
        f.series.push(Series {
            label: String::new(),
            colour: c,
            mark: Mark::Line(Stroke::Dotted),
            points: xs.iter().map(|&x| Point::new(x, g(x, 0.1) * 0.95)).collect(),
        });
    }
    for (l, k) in
        [("Siegert", Stroke::Dashed), ("Siegert, τₛ corrected", Stroke::Thin), ("Noisy Softplus", Stroke::Dotted)]
    {
        f.series.push(Series { label: l.into(), colour: Colour::Black, mark: Mark::Line(k), points: vec![] });
    }
    save("response", &f);
    f.legend = LegendPosition::Above;
    save("response_above", &f);

    for (name, axis) in [
        ("latency_log", Axis::log("Presentation time (ms)")),
        ("latency_linear", Axis::linear("Presentation time (ms)")),
    ] {
        let mut f = Figure::new(axis, Axis::linear("Accuracy (%)"));
        for (j, label) in ["Poisson input", "constant current"].into_iter().enumerate() {
            let ts = [10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0];
            let mark = if j == 0 {
                Mark::LineWithBand(Stroke::Solid)
            } else {
                Mark::LineWithPoints(Stroke::Solid, Shape::Circle)
            };
            f.series.push(Series {
                label: label.into(),
                colour: Colour::nth(j),
                mark,
                points: ts
                    .iter()
                    .enumerate()
                    .map(|(i, &t): (usize, &f64)| {
                        let a =
                            98.3 - (85.0 - 20.0 * j as f64) * (-t / (25.0 + 20.0 * j as f64)).exp() + 0.2 * noise(i);
                        let e = 0.4 + 3.0 * (-t / 60.0).exp();
                        Point::with_interval(t, a, (a - e, a + 0.8 * e))
                    })
                    .collect(),
            });
        }
        f.reference_lines.push(ReferenceLine { y: 98.85, label: "ANN, 98.85 %".into(), colour: Colour::Black });
        save(name, &f);
    }
    let mut f = Figure::new(Axis::log("Frequency (Hz)"), Axis::log("Power (mV² Hz⁻¹)"));
    f.series.push(Series {
        label: "zigzag, gap".into(),
        colour: Colour::ReddishPurple,
        mark: Mark::Line(Stroke::Solid),
        points: (1..400)
            .map(|i| {
                Point::new(
                    i as f64,
                    if i == 30 { f64::NAN } else { 1e-2 * (noise(i) * 2.0).exp() / (1.0 + (i as f64 / 30.0).powi(2)) },
                )
            })
            .collect(),
    });
    f.series.push(Series {
        label: "ring".into(),
        colour: Colour::Black,
        mark: Mark::LineWithPoints(Stroke::DashDotted, Shape::Ring),
        points: (0..12)
            .map(|i| {
                let x = 2f64.powi(i);
                Point::with_interval(
                    x,
                    3e-2 / (1.0 + x / 20.0),
                    (if i == 7 { 0.0 } else { 1e-2 / (1.0 + x / 20.0) }, 6e-2 / (1.0 + x / 20.0)),
                )
            })
            .collect(),
    });
    f.series.push(Series {
        label: "diamond".into(),
        colour: Colour::Orange,
        mark: Mark::Points(Shape::Diamond),
        points: (0..12)
            .map(|i| {
                let x = 2f64.powi(i);
                Point::new(x, 1e-3 / (1.0 + x / 20.0))
            })
            .collect(),
    });
    save("spectrum", &f);
    let mut f =
        Figure::new(Axis::linear("Time (ms)"), Axis::linear("Membrane potential (mV)").with_range(-70.0, -48.0));
    (f.width_mm, f.height_mm) = (60.0, 45.0);
    f.series.push(Series {
        label: "".into(),
        colour: Colour::Black,
        mark: Mark::Line(Stroke::Solid),
        points: (0..1000)
            .map(|i| Point::new(i as f64 * 0.1, -65.0 + 20.0 * (1.0 - (-(i % 250) as f64 / 100.0).exp())))
            .collect(),
    });
    f.reference_lines.push(ReferenceLine { y: -50.0, label: "v_thresh".into(), colour: Colour::Vermillion });
    save("voltage", &f);
}
