//! HDF5 files; the only file that names the HDF5 libraries.

use std::path::{Path, PathBuf};

use hdf5_reader::error::Error as ReaderError;
use hdf5_reader::group::Group;
use hdf5_reader::{Datatype, Hdf5File, OpenOptions};
use hdf5_writer::{AttributeBuilder, DatasetBuilder, Hdf5Builder, WriteOptions};

use crate::error::ModelFileError;

/// Largest tensor that is read, in bytes.
const LARGEST_READ: usize = 1 << 30;

/// The first eight bytes of an HDF5 file.
const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// An HDF5 file in memory.
pub(crate) struct InputFile {
    path: PathBuf,
    /// In bytes.
    length: usize,
    file: Hdf5File,
}

/// A tensor of 4- or 8-byte floats, in row-major order.
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

impl InputFile {
    /// The bytes of the file `path`, or of an HDF5 file within it.
    pub(crate) fn of(path: &Path, bytes: Vec<u8>) -> Result<Self, ModelFileError> {
        if !has_signature(&bytes) {
            let found = text_or_empty(&bytes).unwrap_or("it lacks the HDF5 signature");
            return Err(ModelFileError::NotHdf5 { path: path.to_owned(), found });
        }
        let options = OpenOptions::default().with_max_read_bytes(LARGEST_READ);
        let length = bytes.len() as u64;
        let file = Hdf5File::from_vec_with_options(bytes, options).map_err(|error| damaged(path, &error))?;
        // The library reads what it finds; a file that was cut behind the weights would pass unnoticed.
        let stored = file.superblock().eof_address;
        if length < stored {
            let detail = format!("it ends at byte {length} of {stored}");
            return Err(ModelFileError::Damaged { path: path.to_owned(), detail });
        }
        Ok(Self { path: path.to_owned(), length: length as usize, file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn group(&self, path: &str) -> Result<Option<Group>, ModelFileError> {
        let group = if path.is_empty() { self.file.root_group() } else { self.file.group(path) };
        present(group).map_err(|error| damaged(&self.path, &error))
    }

    pub(crate) fn has_group(&self, path: &str) -> Result<bool, ModelFileError> {
        Ok(self.group(path)?.is_some())
    }

    /// A string attribute of a group (`""` is the root), `None` if there is no such attribute or group.
    pub(crate) fn text(&self, group: &str, attribute: &str) -> Result<Option<String>, ModelFileError> {
        let Some(group) = self.group(group)? else {
            return Ok(None);
        };
        let attribute = present(group.attribute(attribute)).map_err(|error| damaged(&self.path, &error))?;
        attribute.map(|attribute| attribute.read_string()).transpose().map_err(|error| damaged(&self.path, &error))
    }

    /// A list of strings, which Keras splits into `NAME0`, `NAME1`, ... where it is long; empty if there is none.
    pub(crate) fn texts(&self, group: &str, attribute: &str) -> Result<Vec<String>, ModelFileError> {
        let Some(group) = self.group(group)? else {
            return Ok(Vec::new());
        };
        let failed = |error: ReaderError| damaged(&self.path, &error);
        if let Some(whole) = present(group.attribute(attribute)).map_err(failed)? {
            // Keras writes an empty list as an empty array of floats.
            return if whole.num_elements().map_err(failed)? == 0 {
                Ok(Vec::new())
            } else {
                whole.read_strings().map_err(failed)
            };
        }
        let mut texts = Vec::new();
        for part in 0_usize.. {
            let Some(part) = present(group.attribute(&format!("{attribute}{part}"))).map_err(failed)? else {
                break;
            };
            texts.extend(part.read_strings().map_err(failed)?);
        }
        Ok(texts)
    }

    /// Shape and values of a dataset, `None` if there is no such dataset; `accept` sees the shape before any value is
    /// read.
    pub(crate) fn tensor(
        &self,
        path: &str,
        accept: impl FnOnce(&[usize]) -> Result<(), ModelFileError>,
    ) -> Result<Option<Tensor>, ModelFileError> {
        let failed = |error: ReaderError| damaged(&self.path, &error);
        let Some(dataset) = present(self.file.dataset(path)).map_err(failed)? else {
            return Ok(None);
        };
        let shape: Vec<usize> = dataset.shape().iter().map(|&size| size as usize).collect();
        accept(&shape)?;
        let values = match dataset.dtype() {
            Datatype::FloatingPoint { size: 8, .. } => {
                dataset.read_array::<f64>().map_err(failed)?.iter().map(|&value| value as f32).collect()
            }
            _ => dataset.read_array::<f32>().map_err(failed)?.iter().copied().collect(),
        };
        Ok(Some(Tensor { shape, values }))
    }
}

/// Datasets of NIR files.
impl InputFile {
    /// The greatest number of values that a dataset can honestly have: what deflate makes of zeros is 1032 times shorter.
    pub(crate) fn most_values(&self) -> usize {
        self.length.saturating_mul(1032) / size_of::<f32>()
    }

    /// Names of the groups within a group, in alphabetical order; empty if there is no such group.
    pub(crate) fn groups(&self, group: &str) -> Result<Vec<String>, ModelFileError> {
        let Some(group) = self.group(group)? else {
            return Ok(Vec::new());
        };
        let (mut names, _) = group.member_names().map_err(|error| damaged(&self.path, &error))?;
        names.sort_unstable();
        Ok(names)
    }

    /// Names of the datasets within a group; empty if there is no such group.
    pub(crate) fn datasets(&self, group: &str) -> Result<Vec<String>, ModelFileError> {
        let Some(group) = self.group(group)? else {
            return Ok(Vec::new());
        };
        let (_, names) = group.member_names().map_err(|error| damaged(&self.path, &error))?;
        Ok(names)
    }

    /// A file that contradicts itself.
    pub(crate) fn damaged(&self, detail: String) -> ModelFileError {
        ModelFileError::Damaged { path: self.path.clone(), detail }
    }

    /// A dataset of strings; `None` if there is none, or one of another type.
    pub(crate) fn strings(&self, path: &str) -> Result<Option<Vec<String>>, ModelFileError> {
        let failed = |error: ReaderError| damaged(&self.path, &error);
        let Some(dataset) = present(self.file.dataset(path)).map_err(failed)? else {
            return Ok(None);
        };
        if !matches!(dataset.dtype(), Datatype::String { .. } | Datatype::VarLen { .. }) {
            return Ok(None);
        }
        if dataset.num_elements().map_err(failed)? > self.length as u64 {
            let detail = format!("the dataset {path} claims to be larger than the file");
            return Err(ModelFileError::Damaged { path: self.path.clone(), detail });
        }
        dataset.read_strings().map(Some).map_err(failed)
    }

    /// A dataset of a few integers; `None` if there is none.
    pub(crate) fn integers(&self, path: &str) -> Result<Option<Vec<i64>>, ModelFileError> {
        const MOST: u64 = 16;
        let failed = |error: ReaderError| damaged(&self.path, &error);
        let Some(dataset) = present(self.file.dataset(path)).map_err(failed)? else {
            return Ok(None);
        };
        if dataset.num_elements().map_err(failed)? > MOST {
            let detail = format!("the dataset {path} has more than {MOST} values");
            return Err(ModelFileError::Damaged { path: self.path.clone(), detail });
        }
        let values = match dataset.dtype() {
            Datatype::FixedPoint { size: 4, .. } => {
                dataset.read_array::<i32>().map_err(failed)?.iter().map(|&value| i64::from(value)).collect()
            }
            _ => dataset.read_array::<i64>().map_err(failed)?.iter().copied().collect(),
        };
        Ok(Some(values))
    }
}

/// The signature stands at the start, or behind a user block of 512 bytes or a doubling of that.
pub(crate) fn has_signature(bytes: &[u8]) -> bool {
    let places = std::iter::once(0).chain((9..usize::BITS - 1).map(|power| 1_usize << power));
    places.take_while(|&place| place < bytes.len()).any(|place| bytes[place..].starts_with(&SIGNATURE))
}

/// What a file without signature looks like, if that is plain.
pub(crate) fn text_or_empty(bytes: &[u8]) -> Option<&'static str> {
    match bytes.first() {
        None => Some("it is empty"),
        Some(_) if bytes.iter().take(512).all(|byte| byte.is_ascii()) => Some("it looks like a text file"),
        Some(_) => None,
    }
}

fn damaged(path: &Path, error: &ReaderError) -> ModelFileError {
    ModelFileError::Damaged { path: path.to_owned(), detail: error.to_string() }
}

/// Absence is no error.
fn present<T>(result: Result<T, ReaderError>) -> Result<Option<T>, ReaderError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absence(error: &ReaderError) -> bool {
    match error {
        ReaderError::GroupNotFound(_) | ReaderError::DatasetNotFound(_) | ReaderError::AttributeNotFound(_) => true,
        ReaderError::Context { source, .. } => is_absence(source),
        _ => false,
    }
}

/// An HDF5 file to be written, built in memory.
pub(crate) struct OutputFile {
    path: PathBuf,
    builder: Hdf5Builder,
}

impl OutputFile {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), builder: Hdf5Builder::new() }
    }

    fn add(&mut self, addition: impl FnOnce(Hdf5Builder) -> Result<Hdf5Builder, String>) -> Result<(), ModelFileError> {
        self.builder = addition(std::mem::take(&mut self.builder))
            .map_err(|detail| ModelFileError::Encoding { path: self.path.clone(), detail })?;
        Ok(())
    }

    /// A string attribute of a group (`""` is the root).
    pub(crate) fn text(&mut self, group: &str, name: &str, value: &str) -> Result<(), ModelFileError> {
        self.attribute(group, AttributeBuilder::fixed_string(name, value))
    }

    /// A list of strings; an empty one becomes an empty array of floats, as in Keras.
    pub(crate) fn texts(&mut self, group: &str, name: &str, values: &[String]) -> Result<(), ModelFileError> {
        let attribute = if values.is_empty() {
            AttributeBuilder::vector::<f64>(name, &[])
        } else {
            AttributeBuilder::fixed_string_vector(name, values)
        };
        let attribute = attribute
            .map_err(|error| ModelFileError::Encoding { path: self.path.clone(), detail: error.to_string() })?;
        self.attribute(group, attribute)
    }

    fn attribute(&mut self, group: &str, attribute: AttributeBuilder) -> Result<(), ModelFileError> {
        self.add(|builder| {
            Ok(if group.is_empty() { builder.attribute(attribute) } else { builder.group_attribute(group, attribute) })
        })
    }

    pub(crate) fn tensor(&mut self, path: &str, shape: &[usize], values: &[f32]) -> Result<(), ModelFileError> {
        let shape: Vec<u64> = shape.iter().map(|&size| size as u64).collect();
        self.add(|builder| {
            let dataset = DatasetBuilder::typed_data(path, shape, values).map_err(|error| error.to_string())?;
            Ok(builder.dataset(dataset))
        })
    }

    pub(crate) fn encode(self) -> Result<Vec<u8>, ModelFileError> {
        let plan = self.builder.into_plan();
        plan.and_then(|plan| plan.encode(WriteOptions::default()))
            .map_err(|error| ModelFileError::Encoding { path: self.path, detail: error.to_string() })
    }
}
