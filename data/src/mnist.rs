//! MNIST, and data sets laid out like it (Fashion-MNIST): ten classes of grey images in four IDX files.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::idx;
use crate::image_set::ImageSet;

/// Which part of the data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// 60,000 images in MNIST, `train-*`.
    Train,
    /// 10,000 images in MNIST, `t10k-*`.
    Test,
}

impl Split {
    fn prefix(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "t10k",
        }
    }
}

/// The highest label: the classes are 0 to 9.
pub const HIGHEST_LABEL: u8 = 9;

/// Reads `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` (or `t10k-...`) from `folder`, with or without `.gz`.
///
/// # Errors
/// If a file is missing or damaged, there are not as many labels as images, or a label is above 9.
pub fn load(folder: &Path, split: Split) -> Result<ImageSet, DataError> {
    let image_path = find(folder, &format!("{}-images-idx3-ubyte", split.prefix()))?;
    let label_path = find(folder, &format!("{}-labels-idx1-ubyte", split.prefix()))?;
    let images = idx::read::<3>(&image_path)?;
    let labels = idx::read::<1>(&label_path)?;
    let [count, height, width] = images.sizes;
    if count != labels.values.len() {
        return Err(DataError::Count { image_path, images: count, label_path, labels: labels.values.len() });
    }
    if let Some(index) = labels.values.iter().position(|&label| label > HIGHEST_LABEL) {
        return Err(DataError::Label {
            path: label_path,
            offset: 8 + index as u64,
            highest: HIGHEST_LABEL,
            found: labels.values[index],
        });
    }
    Ok(ImageSet::new([height, width, 1], images.values, labels.values))
}

/// The plain file if it is there, else the compressed one.
fn find(folder: &Path, name: &str) -> Result<PathBuf, DataError> {
    let names = vec![name.to_owned(), format!("{name}.gz")];
    let path = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    path.ok_or(DataError::Missing { folder: folder.to_owned(), names })
}
