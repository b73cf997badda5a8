//! The commands of `ann`: training and evaluating ordinary networks.

pub mod evaluate;
pub mod experiment;
mod history;
mod model_choice;
mod model_file;
pub mod train;
mod training_arguments;

use crate::dataset::{self, DataSet};
use clap::Args;
use data::ImageSet;
use data::mnist::Split;
use std::path::PathBuf;

/// Classes of each data set.
const CLASSES: usize = 10;

/// Which images, and where they are.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// Data set
    #[arg(long, value_enum, default_value_t = DataSet::Mnist)]
    data: DataSet,
    /// Folder with its files: four IDX files, or the binary batches or folders of JPEG files of CIFAR-10 [default: $LIF_DATA/NAME, data/NAME]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl DataArguments {
    /// The images of this part.
    fn load(&self, split: Split) -> anyhow::Result<ImageSet> {
        let folder = dataset::folder(self.data_dir.as_deref(), self.data.name())?;
        self.data.load(&folder, split)
    }
}
