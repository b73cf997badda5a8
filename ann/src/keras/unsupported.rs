//! Layer classes of Keras that have no counterpart here.

/// What to do about a layer class that has no counterpart.
pub(crate) fn advice(class: &str) -> &'static str {
    match class {
        "MaxPooling2D" | "GlobalMaxPooling2D" => "use AveragePooling2D, which neurons can compute",
        "GlobalAveragePooling2D" => "use AveragePooling2D with pool_size of the whole map, then Flatten",
        "BatchNormalization" => "fold it into the weights of the layer before it, or train without it",
        "LSTM" | "GRU" | "SimpleRNN" | "Bidirectional" => "recurrent layers do not convert; use Conv2D and Dense",
        "Lambda" => "its Python code cannot be run here; write the step as Conv2D, Dense or an activation",
        "Sequential" | "Functional" | "Model" => "put the layers of the nested model into the outer one",
        "LeakyReLU" | "ELU" | "PReLU" => "firing rates are not negative; use relu or softplus",
        "ZeroPadding2D" => "pad the images instead",
        "Rescaling" => "leave it out; images arrive as pixel / 255",
        _ => "use Conv2D, AveragePooling2D, Flatten, Dense and Dropout",
    }
}
