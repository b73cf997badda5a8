//! Arrays by name from a NumPy archive (.npz).

use anyhow::{Context, Result, bail, ensure};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest array that is read (bytes): a data set of 60,000 colour images of 32x32 as f64 has 1.5 GB.
const LIMIT: u64 = 1 << 31;

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

    /// The array of a name, of any shape and any usual type of numbers.
    ///
    /// # Errors
    ///
    /// Fails if it is missing, damaged, or of another type.
    pub fn numbers(&mut self, name: &str) -> Result<(Vec<u64>, Vec<f64>)> {
        fn all<T: Copy>((shape, values): (Vec<u64>, Vec<T>), number: fn(T) -> f64) -> (Vec<u64>, Vec<f64>) {
            (shape, values.into_iter().map(number).collect())
        }
        self.any::<u8>(name)
            .map(|array| all(array, f64::from))
            .or_else(|_| self.any::<f32>(name).map(|array| all(array, f64::from)))
            .or_else(|_| self.any::<i32>(name).map(|array| all(array, f64::from)))
            .or_else(|_| self.any::<i64>(name).map(|array| all(array, |number| number as f64)))
            .or_else(|_| self.any::<f64>(name))
    }

    /// The name of the only array.
    ///
    /// # Errors
    ///
    /// Fails if there are several, or none.
    pub fn only(&self) -> Result<String> {
        let names = self.0.file_names().flatten();
        let names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".npy")?.to_owned())).collect();
        match &names[..] {
            [name] => Ok(name.clone()),
            _ => bail!("the archive has the arrays {names:?}, expected one"),
        }
    }
}
