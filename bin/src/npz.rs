//! Archives of NumPy arrays (.npz) to be written.

use crate::npy;
use crate::output::Provenance;
use anyhow::{Context, Result};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// An archive in memory; the arrays are stored as they are, without compression, as `numpy.savez` does.
pub(crate) struct Builder(zip::ZipWriter<Cursor<Vec<u8>>>);

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder(zip::ZipWriter::new(Cursor::new(Vec::new())))
    }

    /// Adds an array of a shape, its values in C order.
    ///
    /// # Errors
    ///
    /// Fails if the shape does not hold the values.
    pub(crate) fn add<T: npy::Element>(&mut self, name: &str, shape: &[u64], values: &[T]) -> Result<()> {
        let bytes = npy::encode(shape, values)?;
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .large_file(bytes.len() as u64 > u64::from(u32::MAX));
        self.0.start_file(format!("{name}.npy"), options).with_context(|| format!("cannot add the array {name}"))?;
        self.0.write_all(&bytes).with_context(|| format!("cannot add the array {name}"))
    }

    /// The bytes of the archive; its comment says how it was made.
    ///
    /// # Errors
    ///
    /// Fails only if the archive cannot be expressed.
    pub(crate) fn finish(mut self, made: &Provenance) -> Result<Vec<u8>> {
        let made = serde_json::to_string(made).context("cannot express the provenance in JSON")?;
        self.0.set_comment(made).context("cannot note the provenance")?;
        Ok(self.0.finish().context("cannot finish the archive")?.into_inner())
    }
}
