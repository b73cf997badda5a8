//! Labelled images and the files that they come in.
//!
//! [`mnist::load`] reads the four IDX files of MNIST, or of any data set that is laid out like it (Fashion-MNIST), into
//! an [`ImageSet`]. [`idx`] is the file format alone. [`cifar10::load`] reads CIFAR-10.
//!
//! ```no_run
//! use data::mnist::{self, Split};
//!
//! let test = mnist::load("data/mnist".as_ref(), Split::Test)?;
//! assert_eq!((test.len(), test.height, test.width, test.channels), (10_000, 28, 28, 1));
//! # Ok::<(), data::DataError>(())
//! ```

mod archive;
pub mod cifar10;
mod error;
pub mod idx;
mod image_set;
pub mod mnist;

pub use error::DataError;
pub use image_set::ImageSet;
