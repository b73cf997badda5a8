//! Arrays in NumPy's file format.

use anyhow::{Context, Result};
use npyz::WriterBuilder;

/// A type of array elements.
pub(crate) trait Element: npyz::AutoSerialize + Copy {}

impl<T: npyz::AutoSerialize + Copy> Element for T {}

/// An array in C order as the bytes of an .npy file.
///
/// # Errors
///
/// Fails if the shape does not hold the values.
pub(crate) fn encode<T: Element>(shape: &[u64], values: &[T]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(shape)
        .writer(&mut bytes)
        .begin_nd()
        .context("cannot describe the array")?;
    writer.extend(values.iter().copied()).context("cannot encode the array")?;
    writer.finish().context("the values do not fill the array's shape")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn layout_is_numpys() {
        // numpy.lib.format version 1.0: magic, version, little-endian header length, a Python literal that
        // pads the whole to a multiple of 16 bytes.
        let bytes = super::encode(&[1, 2], &[1.0f32, -2.0]).unwrap();
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + header) % 16, 0);
        let literal = String::from_utf8_lossy(&bytes[10..10 + header]).replace(' ', "");
        assert!(literal.contains("'descr':'<f4'") && literal.contains("'fortran_order':False"), "{literal}");
        assert!(literal.contains("'shape':(1,2"), "{literal}");
        assert_eq!(&bytes[10 + header..], [1.0f32.to_le_bytes(), (-2.0f32).to_le_bytes()].concat());
        assert!(super::encode(&[3], &[1.0f32]).is_err());
    }
}
