//! Layer classes of Keras that have no counterpart here.

/// What to do about a layer class that has no counterpart, if there is more to say than what does have one.
pub(crate) fn advice(class: &str) -> Option<&'static str> {
    Some(match class {
        "LSTM" | "GRU" | "SimpleRNN" | "Bidirectional" => "recurrent layers are not supported; use Conv2D and Dense",
        "Lambda" => "its Python code cannot be run here; write the step as a layer or an activation",
        "PReLU" => "use LeakyReLU, whose slope is a constant",
        "Conv1D" | "Conv3D" | "MaxPooling1D" | "AveragePooling1D" => "use the layers for two dimensions",
        "Conv2DTranspose" | "UpSampling2D" => "layers that enlarge a map are not supported",
        "LayerNormalization" | "GroupNormalization" | "UnitNormalization" => "use BatchNormalization",
        "Normalization" => "use Rescaling",
        "Multiply" | "Subtract" | "Average" | "Maximum" | "Minimum" | "Dot" => "use Add or Concatenate",
        "Permute" | "Cropping2D" => "move the step out of the model, to the images",
        "Embedding" | "MultiHeadAttention" | "Attention" => "this program is for images; use Conv2D and Dense",
        _ => return None,
    })
}
