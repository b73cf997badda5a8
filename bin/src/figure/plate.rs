//! Figures in rows, as a plate of a paper.

use plotters::backend::DrawingBackend;

use super::canvas::Canvas;
use super::error::FigureError;
use super::layout::{Layout, Sides};
use super::{Figure, png_file, render};

/// Rows of figures from top to bottom, side by side within a row.
///
/// Data areas of one row share their upper and lower sides; where all rows have equally many figures, those of one column share their
/// left and right sides. A column of a paper is some 85 mm wide, a page 180 mm.
#[derive(Debug, Clone, PartialEq)]
pub struct Plate {
    /// The figures of each row; those of one row should be equally high.
    pub rows: Vec<Vec<Figure>>,
}

impl Plate {
    /// One figure.
    pub fn single(figure: Figure) -> Self {
        Self { rows: vec![vec![figure]] }
    }

    /// The plate as the text of an SVG file, see [`Figure::svg`].
    ///
    /// # Errors
    ///
    /// [`FigureError`] when a size or the range of an axis cannot be drawn.
    pub fn svg(&self) -> Result<String, FigureError> {
        let layouts = self.layouts()?;
        Canvas::svg(size(&layouts), |canvas| self.draw(&layouts, canvas))
    }

    /// The plate as the bytes of a PNG file, see [`Figure::png`].
    ///
    /// # Errors
    ///
    /// [`FigureError`] when a size or the range of an axis cannot be drawn.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let layouts = self.layouts()?;
        let pixels = Canvas::bitmap(size(&layouts), |canvas| self.draw(&layouts, canvas))?;
        png_file::encode(&pixels)
    }

    /// The layout of each figure, between the sides that it has in common with others.
    pub(super) fn layouts(&self) -> Result<Vec<Vec<Layout>>, FigureError> {
        let layouts = |row: &Vec<Figure>| row.iter().map(Layout::new).collect::<Result<Vec<_>, _>>();
        let alone = self.rows.iter().map(layouts).collect::<Result<Vec<_>, _>>()?;
        let in_columns = alone.windows(2).all(|rows| rows[0].len() == rows[1].len());
        let sides = |row: usize, column: usize| {
            let across = match in_columns {
                true => Sides::common_across(alone.iter().map(|row| &row[column])),
                false => Sides::FREE,
            };
            across.with_common_levels(alone[row].iter())
        };
        let within = |(row, figures): (usize, &Vec<Figure>)| {
            figures.iter().enumerate().map(|(column, figure)| Layout::within(figure, sides(row, column))).collect()
        };
        self.rows.iter().enumerate().map(within).collect()
    }

    fn draw<B: DrawingBackend>(&self, layouts: &[Vec<Layout>], canvas: &mut Canvas<B>) -> Result<(), FigureError>
    where
        B::ErrorType: 'static,
    {
        let mut top = 0.0;
        for (figures, layouts) in self.rows.iter().zip(layouts) {
            let mut left = 0.0;
            for (figure, layout) in figures.iter().zip(layouts) {
                canvas.begin_at((left, top));
                render::draw(figure, layout, canvas)?;
                left += layout.size().0;
            }
            top += height(layouts);
        }
        Ok(())
    }
}

fn height(row: &[Layout]) -> f64 {
    row.iter().map(|layout| layout.size().1).fold(0.0, f64::max)
}

fn size(layouts: &[Vec<Layout>]) -> (f64, f64) {
    let width = |row: &Vec<Layout>| row.iter().map(|layout| layout.size().0).sum();
    (layouts.iter().map(width).fold(0.0, f64::max), layouts.iter().map(|row| height(row)).sum())
}
