//! The commands of `ann`: training and evaluating ordinary networks.

pub mod evaluate;
pub mod train;

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which images, and where they are.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// Data set
    #[arg(long, value_enum, default_value_t = DataSet::Mnist)]
    data: DataSet,
    /// Folder with its four IDX files [default: $LIF_DATA/NAME, data/NAME]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DataSet {
    Mnist,
    FashionMnist,
}

impl DataArguments {
    /// The folder of the data set.
    fn folder(&self) -> anyhow::Result<PathBuf> {
        let name = match self.data {
            DataSet::Mnist => "mnist",
            DataSet::FashionMnist => "fashion-mnist",
        };
        crate::dataset::folder(self.data_dir.as_deref(), name)
    }
}
