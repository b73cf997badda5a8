//! Pixels and their PNG file, which says how many dots make an inch.

use super::error::FigureError;
use super::style;

/// Red, green and blue of each pixel, line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) rgb: Vec<u8>,
}

impl Pixels {
    /// The mean of each square of `factor` by `factor` pixels; both sides must be multiples of `factor`.
    pub(super) fn averaged(&self, factor: u32) -> Self {
        let (width, height, n) = (self.width / factor, self.height / factor, factor as usize);
        let line = 3 * self.width as usize;
        let mut rgb = Vec::with_capacity(3 * width as usize * height as usize);
        let mut sums = vec![0_u32; 3 * width as usize];
        for lines in self.rgb.chunks_exact(n * line) {
            sums.fill(0);
            for line in lines.chunks_exact(line) {
                for (square, sum) in line.chunks_exact(3 * n).zip(sums.chunks_exact_mut(3)) {
                    for pixel in square.chunks_exact(3) {
                        sum.iter_mut().zip(pixel).for_each(|(sum, &value)| *sum += u32::from(value));
                    }
                }
            }
            rgb.extend(sums.iter().map(|sum| ((sum + factor * factor / 2) / (factor * factor)) as u8));
        }
        Self { width, height, rgb }
    }
}

/// The bytes of a PNG file.
pub(super) fn encode(pixels: &Pixels) -> Result<Vec<u8>, FigureError> {
    let per_metre = (f64::from(style::DPI) / 0.0254).round() as u32;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let density = png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter };
    encoder.set_pixel_dims(Some(density));
    let mut writer = encoder.write_header().map_err(FigureError::Png)?;
    writer.write_image_data(&pixels.rgb).map_err(FigureError::Png)?;
    writer.finish().map_err(FigureError::Png)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_averaged() {
        let fine = Pixels { width: 2, height: 2, rgb: vec![0, 0, 8, 4, 0, 8, 8, 0, 8, 0, 1, 8] };
        assert_eq!(fine.averaged(2), Pixels { width: 1, height: 1, rgb: vec![3, 0, 8] });
    }
}
