//! Files of Keras 1, written by hand after its 1.2.

use serde_json::{Value, json};

use super::{folder, is_the_network};
use crate::error::ModelFileError;
use crate::keras::hdf5_file::OutputFile;
use crate::keras::reader::read;
use crate::network::Network;

/// The network of the other tests. The kernel 1 2 / 3 4 lies in the file as a backend and an order of dimensions had it.
fn layers(ordering: &str) -> Vec<Value> {
    let shape = if ordering == "th" { json!([null, 1, 3, 3]) } else { json!([null, 3, 3, 1]) };
    vec![
        json!({"class_name": "Convolution2D", "config": {
            "name": "convolution2d_1", "batch_input_shape": shape, "input_dtype": "float32", "nb_filter": 1, "nb_row": 2, "nb_col": 2,
            "border_mode": "valid", "subsample": [1, 1], "dim_ordering": ordering, "bias": false, "activation": "linear",
            "init": "glorot_uniform", "W_regularizer": null
        }}),
        json!({"class_name": "Dropout", "config": {"name": "dropout_1", "p": 0.25}}),
        json!({"class_name": "Flatten", "config": {"name": "flatten_1"}}),
        json!({"class_name": "Dense", "config": {
            "name": "dense_1", "output_dim": 1, "input_dim": null, "bias": true, "activation": "linear"
        }}),
    ]
}

fn read_old(layers: &[Value], backend: &str, kernel: ([usize; 4], [f32; 4])) -> Result<Network<f32>, ModelFileError> {
    let folder = folder();
    let path = folder.path().join("model.h5");
    let mut file = OutputFile::new(&path);
    file.text("", "model_config", &json!({"class_name": "Sequential", "config": layers}).to_string())?;
    file.text("", "keras_version", "1.2.2")?;
    file.text("", "backend", backend)?;
    let conv = "model_weights/convolution2d_1";
    file.texts(conv, "weight_names", &["convolution2d_1_W:0".to_owned()])?;
    file.tensor(&format!("{conv}/convolution2d_1_W:0"), &kernel.0, &kernel.1)?;
    let dense = "model_weights/dense_1";
    file.texts(dense, "weight_names", &["dense_1_W:0".to_owned(), "dense_1_b:0".to_owned()])?;
    file.tensor(&format!("{dense}/dense_1_W:0"), &[4, 1], &[1.0, 10.0, 100.0, 1000.0])?;
    file.tensor(&format!("{dense}/dense_1_b:0"), &[1], &[0.5])?;
    std::fs::write(&path, file.encode()?).map_err(|source| ModelFileError::Io { path: path.clone(), source })?;
    read(&path)
}

#[test]
fn kernels_of_every_backend_and_order_are_read() {
    for (ordering, backend, kernel) in [
        ("tf", "tensorflow", ([2, 2, 1, 1], [1.0, 2.0, 3.0, 4.0])),
        ("tf", "theano", ([2, 2, 1, 1], [4.0, 3.0, 2.0, 1.0])),
        ("th", "tensorflow", ([1, 1, 2, 2], [1.0, 2.0, 3.0, 4.0])),
        ("th", "theano", ([1, 1, 2, 2], [4.0, 3.0, 2.0, 1.0])),
    ] {
        is_the_network(&read_old(&layers(ordering), backend, kernel).expect("readable"));
    }
}

#[test]
fn what_has_no_counterpart_is_refused_by_name() {
    let kernel = ([2, 2, 1, 1], [1.0, 2.0, 3.0, 4.0]);
    let refusal = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut layers = layers("tf");
        change(&mut layers);
        read_old(&layers, "tensorflow", kernel).map(|_| ()).expect_err("must be refused").to_string()
    };
    let full = refusal(&|layers| layers[0]["config"]["border_mode"] = json!("full"));
    assert!(full.contains("padding = \"full\""), "{full}");
    let merge = json!({"class_name": "Merge", "config": {"name": "m", "mode": "mul"}});
    let merge = refusal(&|layers| layers.insert(2, merge.clone()));
    assert!(merge.contains("Merge of mode mul"), "{merge}");
    let norm = json!({"class_name": "BatchNormalization", "config": {"name": "b", "mode": 1, "epsilon": 1e-5}});
    let norm = refusal(&|layers| layers.insert(1, norm.clone()));
    assert!(norm.contains("BatchNormalization of mode 1"), "{norm}");
    let shape = read_old(&layers("th"), "theano", kernel).map(|_| ()).expect_err("must be refused").to_string();
    assert!(shape.contains("[1, 1, 2, 2] was expected, found [2, 2, 1, 1]"), "{shape}");
}
