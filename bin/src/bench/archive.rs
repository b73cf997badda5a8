//! Arrays by name from a NumPy archive (.npz).

use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest array that is read (bytes); the workloads are far smaller.
const LIMIT: u64 = 1 << 28;

/// An open archive.
#[derive(Debug)]
pub struct Archive(zip::ZipArchive<File>);

impl Archive {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Fails on files that cannot be read or are no archives.
    pub fn open(path: &Path) -> Result<Archive> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let archive = zip::ZipArchive::new(file).with_context(|| format!("{} is no .npz archive", path.display()))?;
        Ok(Archive(archive))
    }

    /// The array of a name, whose shape must be the given one; its elements in C order.
    ///
    /// # Errors
    ///
    /// Fails if it is missing, damaged, or of another type or shape.
    pub fn array<T: npyz::Deserialize>(&mut self, name: &str, shape: &[u64]) -> Result<Vec<T>> {
        let (found, values) = self.any(name)?;
        ensure!(found == shape, "the array {name} has the shape {found:?}, expected {shape:?}");
        Ok(values)
    }

    /// The array of a name, of any shape.
    ///
    /// # Errors
    ///
    /// Fails if it is missing, damaged, or of another type.
    pub fn any<T: npyz::Deserialize>(&mut self, name: &str) -> Result<(Vec<u64>, Vec<T>)> {
        let missing = || format!("the archive has no array {name}");
        let mut bytes = Vec::new();
        let entry = self.0.by_name(&format!("{name}.npy")).with_context(missing)?;
        entry.take(LIMIT).read_to_end(&mut bytes).with_context(|| format!("cannot read the array {name}"))?;
        let file = npyz::NpyFile::new(&bytes[..]).with_context(|| format!("the array {name} is damaged"))?;
        let shape = file.shape().to_vec();
        ensure!(file.order() == npyz::Order::C, "the array {name} is in Fortran order, expected C order");
        Ok((shape, file.into_vec().with_context(|| format!("the array {name} has another type than expected"))?))
    }
}
