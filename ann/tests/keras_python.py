"""Keras' side of keras_python.rs: evaluates our files, and saves models of its own with their outputs.

python keras_python.py FOLDER

For each NAME.h5 in FOLDER, reads NAME.inputs (float32) and writes what Keras predicts to NAME.outputs. Then saves models
as keras_NAME.h5 and keras_NAME.keras, their weights as keras_NAME.weights.h5 with the description keras_NAME.json, with
keras_NAME.inputs and keras_NAME.outputs.
"""

import importlib.util
import pathlib
import sys

import keras
import numpy as np
from keras import layers

folder = pathlib.Path(sys.argv[1])
spec = importlib.util.spec_from_file_location("keras_layers", pathlib.Path(__file__).parents[2] / "docs/keras_layers.py")
spec.loader.exec_module(importlib.util.module_from_spec(spec))

for path in sorted(folder.glob("*.h5")):
    model = keras.models.load_model(path, compile=False)
    inputs = np.fromfile(path.with_suffix(".inputs"), np.float32).reshape(-1, *model.input_shape[1:])
    np.asarray(model(inputs), np.float32).tofile(path.with_suffix(".outputs"))

keras.utils.set_random_seed(3)


def block(x, filters, stride):
    y = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization(epsilon=1e-5)(y)
    y = layers.ReLU()(y)
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization(scale=False)(y)
    x = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
    return layers.Activation("relu")(layers.Add()([x, y]))


def residual():
    x = inputs = keras.Input((13, 12, 2))
    x = layers.ZeroPadding2D(((1, 0), (0, 2)))(x)
    x = block(block(x, 4, 1), 6, 2)
    x = layers.Concatenate()([layers.AveragePooling2D(3, 1, "same")(x), layers.MaxPooling2D(2, 1, "same")(x), x])
    x = layers.concatenate([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(5, "softmax")(x))


def mobile():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Rescaling(1 / 255, offset=-0.1),
        layers.Conv2D(4, 3, strides=2, padding="same", activation="leaky_relu"),
        layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="elu"),
        layers.SeparableConv2D(6, 3, strides=2, padding="same", depth_multiplier=2, activation="tanh"),
        layers.Conv2D(5, 2, dilation_rate=2, activation=layers.LeakyReLU(0.07)),
        layers.BatchNormalization(center=False, axis=3),
        layers.ELU(0.4),
        layers.LeakyReLU(),
        layers.GaussianNoise(0.1),
        layers.Flatten(),
        layers.Dense(7, "sigmoid"),
        layers.Dense(4),
        layers.Softmax(),
    ])


def nested():
    features = keras.Sequential([
        keras.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="softplus"), layers.BatchNormalization()], name="features")
    inner = keras.Input((6, 6, 4))
    y = layers.Conv2D(4, 3, padding="same", activation="relu")(inner)
    branch = keras.Model(inner, layers.Add()([inner, y]), name="branch")
    x = inputs = keras.Input((8, 8, 3))
    x = branch(features(x))
    x = layers.Conv2D(2, 3, name="last")(x)
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))


def reshaped():
    return keras.Sequential([
        keras.Input((36,)), layers.Dense(48, "relu"), layers.Reshape((4, -1, 3)), layers.Conv2D(3, 2), layers.Flatten(),
        layers.BatchNormalization(), layers.Dense(4, "softmax")])


def matrix():
    return keras.Sequential([
        keras.Input((28, 28)), layers.Rescaling(1 / 127.5, -1), layers.Reshape((28, 28, 1)),
        layers.AveragePooling2D(3, 2), layers.Flatten(), layers.Dense(10)])


generator = np.random.default_rng(5)
for make in [residual, mobile, nested, reshaped, matrix]:
    model = make()
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    inputs = generator.uniform(0, 1, (5, *model.input_shape[1:])).astype(np.float32)
    name = folder / f"keras_{make.__name__}"
    inputs.tofile(name.with_suffix(".inputs"))
    np.asarray(model(inputs), np.float32).tofile(name.with_suffix(".outputs"))
    model.save(name.with_suffix(".h5"))
    model.save(name.with_suffix(".keras"))
    model.save_weights(name.with_suffix(".weights.h5"))
    name.with_suffix(".json").write_text(model.to_json())
