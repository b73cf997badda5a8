//! Figures one below the other, with their data areas aligned.

use plotters::backend::DrawingBackend;

use super::canvas::Canvas;
use super::error::FigureError;
use super::layout::{Layout, Sides};
use super::{Figure, png_file, render};

/// Figures of one width from top to bottom; the data areas share their left and right sides.
///
/// All but the last usually leave out their horizontal axis, see [`super::Marking::None`].
#[derive(Debug, Clone, PartialEq)]
pub struct Panels {
    /// The figures.
    pub figures: Vec<Figure>,
}

impl Panels {
    /// The panels as the text of an SVG file, see [`Figure::svg`].
    ///
    /// # Errors
    ///
    /// [`FigureError`] when the size or the range of an axis cannot be drawn.
    pub fn svg(&self) -> Result<String, FigureError> {
        let layouts = self.layouts()?;
        Canvas::svg(size(&layouts), |canvas| self.draw(&layouts, canvas))
    }

    /// The panels as the bytes of a PNG file, see [`Figure::png`].
    ///
    /// # Errors
    ///
    /// [`FigureError`] when the size or the range of an axis cannot be drawn.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let layouts = self.layouts()?;
        let pixels = Canvas::bitmap(size(&layouts), |canvas| self.draw(&layouts, canvas))?;
        png_file::encode(&pixels)
    }

    /// The layout of each figure, between sides that all have in common.
    pub(super) fn layouts(&self) -> Result<Vec<Layout>, FigureError> {
        let alone = self.figures.iter().map(Layout::new).collect::<Result<Vec<_>, _>>()?;
        let sides = Sides::common_across(alone.iter());
        self.figures.iter().map(|figure| Layout::within(figure, sides)).collect()
    }

    fn draw<B: DrawingBackend>(&self, layouts: &[Layout], canvas: &mut Canvas<B>) -> Result<(), FigureError>
    where
        B::ErrorType: 'static,
    {
        let mut top = 0.0;
        for (figure, layout) in self.figures.iter().zip(layouts) {
            canvas.begin_at((0.0, top));
            render::draw(figure, layout, canvas)?;
            top += layout.size().1;
        }
        Ok(())
    }
}

fn size(layouts: &[Layout]) -> (f64, f64) {
    let width = layouts.iter().map(|layout| layout.size().0).fold(0.0, f64::max);
    (width, layouts.iter().map(|layout| layout.size().1).sum())
}
