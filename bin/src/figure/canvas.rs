//! The drawing surface: lines, areas, discs and text on plotters' SVG and bitmap backends.

use std::error::Error;

use plotters::backend::{BitMapBackend, DrawingBackend, RGBPixel, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBColor, ShapeStyle};

use super::error::FigureError;
use super::geometry::{self, Position};
use super::png_file::Pixels;
use super::{font, style};

/// A surface in drawing units.
pub(super) struct Canvas<B> {
    backend: B,
    medium: Medium,
    /// Where the upper left corner of the figure lies that is being drawn.
    corner: Position,
}

/// What the surface becomes: the two backends of plotters join lines and place letters differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Medium {
    Svg,
    Bitmap,
}

/// Which part of a text stands at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Direction of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Rightwards,
    Upwards,
}

/// A line of text; `at` is the start, middle or end of its baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) at: Position,
    pub(super) size: f64,
    pub(super) anchor: Anchor,
    pub(super) direction: Direction,
    pub(super) rgb: [u8; 3],
}

impl<'a> Canvas<SVGBackend<'a>> {
    /// Draws an SVG file.
    pub(super) fn svg(
        (width, height): (f64, f64),
        draw: impl FnOnce(&mut Canvas<SVGBackend<'_>>) -> Result<(), FigureError>,
    ) -> Result<String, FigureError> {
        let size = (width as u32, height as u32);
        let mut svg = String::new();
        let mut canvas =
            Canvas { backend: SVGBackend::with_string(&mut svg, size), medium: Medium::Svg, corner: (0.0, 0.0) };
        draw(&mut canvas)?;
        canvas.backend.present().map_err(refused)?;
        drop(canvas);
        // plotters gives the extent in pixels; a figure has a width on paper, and its lines round joins.
        let pixels = format!("<svg width=\"{}\" height=\"{}\" ", size.0, size.1);
        let millimetres = |units: f64| units / style::mm(1.0);
        let paper = format!(
            "<svg width=\"{:.2}mm\" height=\"{:.2}mm\" stroke-linejoin=\"round\" ",
            millimetres(width),
            millimetres(height)
        );
        Ok(svg.replacen(&pixels, &paper, 1))
    }
}

impl<'a> Canvas<BitMapBackend<'a, RGBPixel>> {
    /// Draws a bitmap, finer than it is returned.
    pub(super) fn bitmap(
        (width, height): (f64, f64),
        draw: impl FnOnce(&mut Canvas<BitMapBackend<'_, RGBPixel>>) -> Result<(), FigureError>,
    ) -> Result<Pixels, FigureError> {
        let (width, height) = (width as u32, height as u32);
        let mut fine = Pixels { width, height, rgb: vec![u8::MAX; 3 * width as usize * height as usize] };
        let backend = BitMapBackend::with_buffer(&mut fine.rgb, (width, height));
        draw(&mut Canvas { backend, medium: Medium::Bitmap, corner: (0.0, 0.0) })?;
        Ok(fine.averaged(style::OVERSAMPLING))
    }
}

impl<B: DrawingBackend> Canvas<B>
where
    B::ErrorType: 'static,
{
    /// Draws the next figure with its upper left corner here.
    pub(super) fn begin_at(&mut self, corner: Position) {
        self.corner = corner;
    }

    /// A connected line.
    pub(super) fn line(&mut self, line: &[Position], weight: f64, rgb: [u8; 3]) -> Result<(), FigureError> {
        let style = ShapeStyle { color: colour(rgb).to_rgba(), filled: false, stroke_width: weight.round() as u32 };
        if self.medium == Medium::Svg {
            return self.backend.draw_path(self.rounded(line), &style).map_err(refused);
        }
        for (index, piece) in geometry::gentle_pieces(line, weight / 4.0).iter().enumerate() {
            self.backend.draw_path(self.rounded(piece), &style).map_err(refused)?;
            if index > 0 {
                self.disc(piece[0], weight / 2.0, rgb)?;
            }
        }
        Ok(())
    }

    /// A filled polygon.
    pub(super) fn area(&mut self, polygon: &[Position], rgb: [u8; 3], opacity: f64) -> Result<(), FigureError> {
        self.backend.fill_polygon(self.rounded(polygon), &colour(rgb).mix(opacity)).map_err(refused)
    }

    /// A filled circle.
    pub(super) fn disc(&mut self, (x, y): Position, radius: f64, rgb: [u8; 3]) -> Result<(), FigureError> {
        let centre = self.dot((x, y));
        self.backend.draw_circle(centre, radius.round() as u32, &colour(rgb), true).map_err(refused)
    }

    /// A line of text.
    pub(super) fn text(&mut self, text: &Text<'_>) -> Result<(), FigureError> {
        match self.medium {
            Medium::Svg => self.text_as_a_whole(text),
            Medium::Bitmap => self.text_by_glyphs(text),
        }
    }

    fn text_as_a_whole(&mut self, text: &Text<'_>) -> Result<(), FigureError> {
        // plotters' SVG writes sizes divided by 1.24, and hangs text 0.76 of the type size above its baseline.
        let (font_scale, hanging) = (1.24, 0.76);
        let anchor = match text.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let font = font::description(font_scale * text.size, text.direction.transform())?;
        let style = font.color(&colour(text.rgb)).pos(Pos::new(anchor, VPos::Top));
        let at = text.direction.along(text.at, (0.0, -hanging * text.size));
        self.backend.draw_text(text.text, &style, self.dot(at)).map_err(refused)
    }

    fn text_by_glyphs(&mut self, text: &Text<'_>) -> Result<(), FigureError> {
        // plotters' bitmap fonts are measured from ascender to descender, with the baseline half of that below the top.
        let extent = font::line_extent() * text.size;
        let style = font::description(extent, text.direction.transform())?.color(&colour(text.rgb));
        let width = font::width(text.text) * text.size;
        let mut pen = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        };
        for character in text.text.chars() {
            let glyph = font::glyph(character);
            let corner = self.dot(text.direction.along(text.at, (pen + glyph.bearing * text.size, -extent / 2.0)));
            self.backend.draw_text(character.encode_utf8(&mut [0; 4]), &style, corner).map_err(refused)?;
            pen += glyph.advance * text.size;
        }
        Ok(())
    }

    fn dot(&self, (x, y): Position) -> (i32, i32) {
        ((x + self.corner.0).round() as i32, (y + self.corner.1).round() as i32)
    }

    fn rounded(&self, positions: &[Position]) -> Vec<(i32, i32)> {
        positions.iter().map(|&position| self.dot(position)).collect()
    }
}

impl Direction {
    fn transform(self) -> FontTransform {
        match self {
            Self::Rightwards => FontTransform::None,
            Self::Upwards => FontTransform::Rotate270,
        }
    }

    /// `origin` moved by an offset that is given along and below the line of writing.
    fn along(self, origin: Position, (along, below): (f64, f64)) -> Position {
        match self {
            Self::Rightwards => (origin.0 + along, origin.1 + below),
            Self::Upwards => (origin.0 + below, origin.1 - along),
        }
    }
}

fn colour([red, green, blue]: [u8; 3]) -> RGBColor {
    RGBColor(red, green, blue)
}

fn refused(error: impl Error + Send + Sync + 'static) -> FigureError {
    FigureError::Drawing(Box::new(error))
}
