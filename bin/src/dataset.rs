//! Data sets by name, and where they are found.

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use data::mnist::{self, Split};
use data::{ImageSet, cifar10};
use std::path::{Path, PathBuf};

/// A data set that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DataSet {
    /// Grey digits, 28x28
    Mnist,
    /// Grey clothes, 28x28
    FashionMnist,
    /// Colour images, 32x32
    Cifar10,
}

impl DataSet {
    /// Its name, which is that of its folder.
    pub fn name(self) -> &'static str {
        match self {
            DataSet::Mnist => "mnist",
            DataSet::FashionMnist => "fashion-mnist",
            DataSet::Cifar10 => "cifar10",
        }
    }

    /// One part of it.
    ///
    /// # Errors
    ///
    /// Fails on missing and damaged files.
    pub fn load(self, folder: &Path, split: Split) -> Result<ImageSet> {
        match self {
            DataSet::Mnist | DataSet::FashionMnist => load(folder, split),
            DataSet::Cifar10 => {
                let context = || format!("cannot read the data set in {}", folder.display());
                cifar10::load(folder, split).with_context(context)
            }
        }
    }
}

/// Images that a network is run on, and that its activations are measured on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Images {
    /// A data set by name, in this folder if it is not in the usual place.
    Named(DataSet, Option<PathBuf>),
    /// The user's own.
    Own(PathBuf),
}

impl Images {
    /// What they are called.
    pub fn name(&self) -> String {
        match self {
            Images::Named(set, _) => set.name().to_owned(),
            Images::Own(path) => path.display().to_string(),
        }
    }

    /// The first `count` images of one part of them.
    ///
    /// # Errors
    ///
    /// Fails on missing and damaged files.
    pub fn load(&self, split: Split, count: usize) -> Result<ImageSet> {
        match self {
            Images::Named(set, given) => Ok(set.load(&folder(given.as_deref(), set.name())?, split)?.first(count)),
            Images::Own(path) => crate::image_files::images(path, split, count),
        }
    }
}

/// Folder of a data set: the one given, else `$LIF_DATA/NAME`, else `data/NAME` in the working directory or in a folder
/// above the program.
///
/// # Errors
///
/// Fails if none of them exists.
pub fn folder(given: Option<&Path>, name: &str) -> Result<PathBuf> {
    if let Some(folder) = given {
        return Ok(folder.to_owned());
    }
    let mut candidates: Vec<PathBuf> =
        std::env::var_os("LIF_DATA").map(|root| Path::new(&root).join(name)).into_iter().collect();
    candidates.push(Path::new("data").join(name));
    if let Ok(program) = std::env::current_exe() {
        candidates.extend(program.ancestors().skip(1).map(|folder| folder.join("data").join(name)));
    }
    match candidates.into_iter().find(|folder| folder.is_dir()) {
        Some(folder) => Ok(folder),
        None => bail!(
            "the data set {name} was not found: name its folder with --data-dir, or set LIF_DATA to the folder above it"
        ),
    }
}

/// One part of MNIST, or of a data set in the same format.
///
/// # Errors
///
/// Fails on missing and damaged files.
pub fn load(folder: &Path, split: Split) -> Result<ImageSet> {
    mnist::load(folder, split).with_context(|| format!("cannot read the data set in {}", folder.display()))
}

/// The images as the networks take them.
pub fn samples(images: &ImageSet) -> ann::Samples<'_> {
    ann::Samples { pixels: images.pixels(), labels: images.labels() }
}
