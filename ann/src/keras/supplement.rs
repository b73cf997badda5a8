//! What a file of Keras leaves out.

use std::path::{Path, PathBuf};

use crate::activation::fixed_noise::FixedNoise;
use crate::error::ModelFileError;

/// What a model file may leave out, from elsewhere; nothing unless told.
///
/// ```no_run
/// use ann::keras::{self, Supplement};
///
/// let supplement = Supplement { description: Some("model.json".into()), ..Supplement::default() };
/// let network = keras::read_with("model.weights.h5".as_ref(), &supplement)?;
/// # Ok::<(), ann::ModelFileError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supplement {
    /// Constants of activations that are registered functions with a name that ends in `noisy_softplus`: such a function keeps
    /// them in the program that made the model. Not looked at where a file has no such function.
    pub noisy_softplus: Option<FixedNoise>,
    /// A file with the description of the model, the text of Keras' `model.to_json()`, for a file that holds weights alone; refused for
    /// files that tell their layers.
    pub description: Option<PathBuf>,
}

impl Supplement {
    /// Refuses a description for a file that needs none.
    pub(crate) fn require_no_description(&self, path: &Path) -> Result<(), ModelFileError> {
        match self.description {
            None => Ok(()),
            Some(_) => Err(ModelFileError::NeedlessDescription { path: path.to_owned() }),
        }
    }
}
