//! Whole figures: file properties, contents and degenerate input.

use super::*;

fn response_curve() -> Figure {
    let mut figure = Figure::new(Axis::linear("Mean current (nA)"), Axis::linear("Rate (Hz)"));
    let current = |i: i32| 0.1 * f64::from(i);
    let rate = |x: f64| 60.0 * (1.0 + ((x - 1.0) * 4.0).exp()).ln();
    figure.series.push(Series {
        label: "simulated, σ = 0.2 nA".into(),
        colour: Colour::nth(0),
        mark: Mark::Points(Shape::Circle),
        points: (0..=15).map(|i| Point::with_error(current(i), rate(current(i)), 4.0)).collect(),
    });
    figure.series.push(Series {
        label: "Siegert".into(),
        colour: Colour::nth(0),
        mark: Mark::Line(Stroke::Dashed),
        points: (0..=150).map(|i| Point::new(current(i) / 10.0, rate(current(i) / 10.0))).collect(),
    });
    figure
}

fn decode(bytes: &[u8]) -> (png::OutputInfo, Option<png::PixelDimensions>, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG header");
    let density = reader.info().pixel_dims;
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small image")];
    let info = reader.next_frame(&mut pixels).expect("PNG pixels");
    (info, density, pixels)
}

#[test]
fn png_has_the_size_in_dots_and_says_300_per_inch() {
    let mut figure = response_curve();
    (figure.width_mm, figure.height_mm) = (88.9, 63.5);
    let (info, density, pixels) = decode(&figure.png().expect("a figure"));
    // 88.9 mm are 3.5 inches, 63.5 mm are 2.5 inches; 300 / 0.0254 is 11811.02.
    assert_eq!((info.width, info.height), (1050, 750));
    let density = density.expect("a pHYs chunk");
    assert_eq!((density.xppu, density.yppu, density.unit), (11_811, 11_811, png::Unit::Meter));
    let blue = [0, 114, 178];
    assert!(pixels.chunks_exact(3).any(|pixel| pixel == blue), "the data are drawn in their colour");
}

#[test]
fn svg_has_all_labels_as_text_and_its_width_on_paper() {
    let mut figure = response_curve();
    figure.reference_lines.push(ReferenceLine { y: 80.0, label: "a < b".into(), colour: Colour::Grey });
    let svg = figure.svg().expect("a figure");
    for text in ["Mean current (nA)", "Rate (Hz)", "simulated, σ = 0.2 nA", "Siegert", "a &lt; b", "rotate(270,"] {
        assert!(svg.contains(text), "{text}");
    }
    assert!(svg.starts_with("<svg width=\"87.97mm\""), "{}", &svg[..80]);
    assert!(svg.trim_end().ends_with("</svg>"));
}

#[test]
fn values_without_a_place_interrupt_the_line() {
    let mut figure = response_curve();
    figure.x = Axis::log("Mean current (nA)");
    figure.series[1].points[70].y = f64::NAN;
    figure.series[1].mark = Mark::Line(Stroke::Solid);
    figure.series.truncate(2);
    figure.series[0].points[3].interval = Some((f64::NEG_INFINITY, f64::NAN));
    let layout = Layout::new(&figure).expect("a layout");
    assert_eq!(marks::lines(&figure.series[1], &layout).len(), 2);
    // The first point lies at a current of zero.
    assert_eq!(marks::points(&figure.series[0], &layout).len(), 15);
    assert!(figure.png().is_ok());
}

#[test]
fn degenerate_data_are_drawn() {
    let nothing = Vec::new();
    let single = vec![Point::with_error(3.0, 0.0, 0.0)];
    let level = vec![Point::new(0.0, 7.0), Point::new(0.0, 7.0), Point::new(1.0, 7.0)];
    let not_numbers = vec![Point::new(f64::NAN, f64::INFINITY); 3];
    let extreme = vec![Point::new(-1e200, 1e200), Point::with_error(1e200, -1e200, 1e200)];
    for points in [nothing, single, level, not_numbers, extreme] {
        for axis in [Axis::linear("x"), Axis::log("x")] {
            for mark in [
                Mark::Line(Stroke::Dotted),
                Mark::LineWithBand(Stroke::DashDotted),
                Mark::Points(Shape::Triangle),
                Mark::LineWithPoints(Stroke::Thin, Shape::Ring),
                Mark::Band,
                Mark::Area,
            ] {
                let mut figure = Figure::new(axis.clone(), axis.clone());
                (figure.width_mm, figure.height_mm) = (40.0, 40.0);
                let series = Series { label: "s".into(), colour: Colour::Black, mark, points: points.clone() };
                figure.series = vec![series];
                assert!(figure.svg().is_ok(), "{points:?} {mark:?}");
                assert!(figure.png().is_ok(), "{points:?} {mark:?}");
            }
        }
    }
}

#[test]
fn impossible_figures_are_typed_errors() {
    let mut figure = response_curve();
    figure.width_mm = f64::NAN;
    assert!(matches!(figure.png(), Err(FigureError::Size { .. })));
    let mut figure = response_curve();
    figure.y.range = Some((5.0, 5.0));
    let error = figure.svg().expect_err("an empty range");
    assert!(error.to_string().contains("Rate (Hz)"), "{error}");
}

#[test]
fn free_legend_leaves_the_data_alone() {
    let figure = response_curve();
    let layout = Layout::new(&figure).expect("a layout");
    let legend = layout.legend.clone().expect("a legend");
    // The curve rises from the lower left to the upper right: the upper left corner is empty.
    assert_eq!(legend.rect_in(&layout.frame, LegendPosition::TopLeft).left, legend.sample(0).0);
    let mut crowded = figure;
    let zigzag = (0..40).map(|i| Point::new(0.04 * f64::from(i), 150.0 * f64::from(i % 2)));
    crowded.series[1].points = zigzag.collect();
    let layout = Layout::new(&crowded).expect("a layout");
    assert!(layout.legend.expect("a legend").sample(1).1 < layout.frame.top);
}

#[test]
fn panels_stand_below_each_other_with_aligned_sides() {
    let lower = response_curve();
    let mut upper = response_curve();
    upper.x.marking = Marking::None;
    upper.y = Axis::linear("Neurons").with_range(0.0, 4.0);
    upper.y.marking = Marking::Names { ends: vec![0.0, 1.0, 4.0], names: vec!["one".into(), "three more".into()] };
    upper.series = vec![Series {
        label: String::new(),
        colour: Colour::Vermillion,
        mark: Mark::Spikes,
        points: vec![Point::new(0.2, 0.5), Point::new(1.0, 3.5)],
    }];
    let panels = Panels { figures: vec![upper.clone(), lower.clone()] };
    let (info, _, pixels) = decode(&panels.png().expect("a figure"));
    let (alone, _, _) = decode(&lower.png().expect("a figure"));
    assert_eq!((info.width, info.height), (alone.width, 2 * alone.height));
    let vermillion = [213, 94, 0];
    let half = pixels.len() / 2;
    let drawn = |pixels: &[u8]| pixels.chunks_exact(3).any(|pixel| pixel == vermillion);
    assert!(drawn(&pixels[..half]) && !drawn(&pixels[half..]), "the upper panel's spikes stay in it");
    let svg = panels.svg().expect("a figure");
    assert!(["one", "three more", "Neurons"].iter().all(|text| svg.contains(text)));
    assert_eq!(svg.matches("Mean current (nA)").count(), 1, "only the lower panel has the axis");
    let layouts = panels.layouts().expect("a layout");
    assert_eq!(layouts[0].frame.left, layouts[1].frame.left);
    assert_eq!(layouts[0].frame.right, layouts[1].frame.right);
}

fn hill() -> HeatMap {
    let x: Vec<f64> = (0..=40).map(|i| -1.0 + 0.05 * f64::from(i)).collect();
    let y: Vec<f64> = (0..=20).map(|i| 0.05 * f64::from(i)).collect();
    let values = y.iter().flat_map(|&y| x.iter().map(move |&x| 100.0 * (-2.0 * (x * x + y * y)).exp())).collect();
    HeatMap { bar: Some("Rate (Hz)".into()), contours: vec![20.0, 50.0, 80.0], ..HeatMap::new(x, y, values) }
}

#[test]
fn heat_map_fills_the_axes_and_has_a_bar_and_labelled_lines() {
    let mut figure = Figure::new(Axis::linear("Mean (nA)"), Axis::linear("Noise (nA)"));
    figure.heat_map = Some(hill());
    figure.title = "a  hill".into();
    let svg = figure.svg().expect("a figure");
    for text in ["Mean (nA)", "Noise (nA)", "Rate (Hz)", "a  hill", "\n20\n", "\n50\n", "\n80\n"] {
        assert!(svg.contains(text), "{text}");
    }
    let layout = Layout::new(&figure).expect("a layout");
    // Columns from -1 to 1 every 0.05: half a rectangle more at either side.
    assert_eq!(layout.x_of(-1.025), Some(layout.frame.left));
    let (info, _, pixels) = decode(&figure.png().expect("a figure"));
    let pixel = |(x, y): (f64, f64)| {
        let dots = |units: f64| (units / f64::from(style::OVERSAMPLING)) as usize;
        let at = 3 * (dots(y) * info.width as usize + dots(x));
        [pixels[at], pixels[at + 1], pixels[at + 2]]
    };
    // The summit at (0, 0) has the last colour, the upper corners at a distance of sqrt(2) nearly the first.
    assert_eq!(pixel(layout.place(0.005, 0.005).expect("inside")), Colours::Values.at(1.0));
    assert_eq!(pixel(layout.place(-0.99, 0.99).expect("inside")), Colours::Values.at(0.0));
    let bar = layout.frame.right + style::BAR_GAP + style::BAR_WIDTH / 2.0;
    assert_eq!(pixel((bar, layout.frame.bottom - 8.0)), Colours::Values.at(0.004));
    assert_eq!(pixel((bar, layout.frame.top + 8.0)), Colours::Values.at(0.996));
}

#[test]
fn values_that_are_not_finite_stay_white() {
    let mut figure = Figure::new(Axis::linear("x"), Axis::linear("y"));
    figure.heat_map = Some(HeatMap::image(2, &[f64::NAN, 1.0, 2.0, f64::INFINITY]));
    let layout = Layout::new(&figure).expect("a layout");
    let cells = figure.heat_map.as_ref().expect("a map").cells(&layout);
    assert_eq!(cells.len(), 2);
    // The second value of the first row stands at the upper right.
    let upper = cells.iter().find(|cell| cell.rgb == Colours::Values.at(0.0)).expect("the smaller value");
    assert!((upper.rect.top - layout.frame.top).abs() < 1e-6 && (upper.rect.right - layout.frame.right).abs() < 1e-6);
    figure.heat_map = Some(HeatMap::image(3, &[0.0; 9]));
    assert!(figure.png().is_ok());
    figure.heat_map = Some(HeatMap::image(3, &[0.0; 8]));
    assert!(matches!(figure.png(), Err(FigureError::HeatMap { columns: 3, rows: 3, values: 8 })));
}

#[test]
fn plate_aligns_rows_and_columns() {
    let mut wide = response_curve();
    wide.y.label = String::new();
    wide.y = wide.y.with_range(0.0, 20_000.0);
    let mut titled = response_curve();
    titled.title = "b".into();
    let plate = Plate { rows: vec![vec![response_curve(), titled], vec![wide, response_curve()]] };
    let layouts = plate.layouts().expect("a layout");
    let frame = |row: usize, column: usize| layouts[row][column].frame;
    assert_eq!((frame(0, 0).top, frame(0, 0).bottom), (frame(0, 1).top, frame(0, 1).bottom));
    assert_eq!((frame(0, 0).left, frame(0, 1).right), (frame(1, 0).left, frame(1, 1).right));
    assert!(frame(1, 0).top < frame(0, 0).top, "only the first row has a title");
    let (info, _, _) = decode(&plate.png().expect("a figure"));
    let (alone, _, _) = decode(&response_curve().png().expect("a figure"));
    assert_eq!((info.width, info.height), (2 * alone.width, 2 * alone.height));
    assert_eq!(plate.svg().expect("a figure").matches("Rate (Hz)").count(), 3);
}
