"""Keras layers for model files with Noisy Softplus.

Import this module, then keras.models.load_model("model.h5") opens what the program `ann` writes.

A layer maps expected spikes per synaptic time constant, x, to the same of its own neurons:

    m = sum w x + b,   v = sum w^2 x / 2,   sigma = sqrt(v + 1e-12),
    y = p k sigma softplus(m / (k sigma)),   p = S tau_syn

with the weights w in nA, S in Hz/nA (s_hz_per_na) and tau_syn in ms (tau_syn_ms).
"""

import keras
from keras import ops

VARIANCE_FLOOR = 1e-12


class NoisySoftplus:
    """The constants, as keyword arguments of a layer; comes before the Keras layer in the bases."""

    def __init__(self, *args, k, s_hz_per_na, tau_syn_ms, **kwargs):
        super().__init__(*args, **kwargs)
        self.k = k
        self.s_hz_per_na = s_hz_per_na
        self.tau_syn_ms = tau_syn_ms

    @property
    def p(self):
        return self.s_hz_per_na * self.tau_syn_ms / 1000.0

    def respond(self, mean, variance):
        width = self.k * ops.sqrt(variance + VARIANCE_FLOOR)
        return self.p * width * ops.softplus(mean / width)

    def get_config(self):
        constants = {"k": self.k, "s_hz_per_na": self.s_hz_per_na, "tau_syn_ms": self.tau_syn_ms}
        return {**super().get_config(), **constants}


@keras.saving.register_keras_serializable(package="lif")
class NoisySoftplusConv2D(NoisySoftplus, keras.layers.Conv2D):
    """Conv2D whose units are noisy LIF neurons."""

    def call(self, inputs):
        def convolve(kernel):
            return ops.conv(
                inputs, kernel, strides=self.strides, padding=self.padding, dilation_rate=self.dilation_rate
            )

        mean = convolve(self.kernel)
        if self.use_bias:
            mean = mean + self.bias
        return self.respond(mean, convolve(0.5 * ops.square(self.kernel)))


@keras.saving.register_keras_serializable(package="lif")
class NoisySoftplusAveragePooling2D(NoisySoftplus, keras.layers.AveragePooling2D):
    """Pool whose units are noisy LIF neurons with weights 1 / (n p) from the n cells of their windows inside the map."""

    def call(self, inputs):
        average = ops.average_pool(inputs, self.pool_size, strides=self.strides, padding=self.padding)
        ones = ops.ones_like(inputs[:1, :, :, :1])
        window = ops.ones((*self.pool_size, 1, 1), dtype=ones.dtype)
        cells = ops.conv(ones, window, strides=self.strides, padding=self.padding)
        return self.respond(average / self.p, 0.5 * average / (cells * self.p**2))


@keras.saving.register_keras_serializable(package="lif")
class NoisySoftplusDense(NoisySoftplus, keras.layers.Dense):
    """Dense layer whose units are noisy LIF neurons."""

    def call(self, inputs):
        mean = ops.matmul(inputs, self.kernel)
        if self.use_bias:
            mean = mean + self.bias
        return self.respond(mean, 0.5 * ops.matmul(inputs, ops.square(self.kernel)))
