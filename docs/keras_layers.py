"""Keras layers for model files with Noisy Softplus, root units, Maxout, ConvAct and conductance-weighted averages.

Import this module, then keras.models.load_model("model.h5") opens what the program `ann` writes.

A layer maps expected spikes per synaptic time constant, x, to the same of its own neurons:

    m = sum w x + b,   v = sum w^2 x / 2,   sigma = sqrt(v + 1e-12),
    y = p k sigma softplus(m / (k sigma)),   p = S tau_syn

with the weights w in nA, S in Hz/nA (s_hz_per_na) and tau_syn in ms (tau_syn_ms); this is Noisy Softplus. The other
classes say what they compute. lif>MixLU, whose units are chosen by random numbers of the program, and lif>LifRate with
noise have no class here.
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


class Own(keras.layers.Layer):
    """A layer whose configuration is its keyword arguments in `keys`."""

    keys = ()

    def __init__(self, **kwargs):
        self.settings = {key: kwargs.pop(key) for key in self.keys}
        super().__init__(**kwargs)

    def get_config(self):
        return {**super().get_config(), **self.settings}


@keras.saving.register_keras_serializable(package="lif")
class NegLU(Own):
    """min(x, 0)."""

    def call(self, inputs):
        return ops.minimum(inputs, 0.0)


@keras.saving.register_keras_serializable(package="lif")
class RootUnit(Own):
    """rrru: (r^2 x + 1)^(1/r) above 0, e^(r x) below; eru: that less 1/r; orru: sgn(x) ((r^2 |x| + 1)^(1/r) - 1)."""

    keys = ("family", "radix")

    def call(self, inputs):
        r = self.settings["radix"]

        def root(x):
            return ops.expm1(ops.log1p(r * r * x) / r)

        if self.settings["family"] == "orru":
            return ops.sign(inputs) * root(ops.abs(inputs))
        above = 1.0 + root(ops.maximum(inputs, 0.0))
        rectified = ops.where(inputs > 0, above, ops.exp(r * ops.minimum(inputs, 0.0)))
        return rectified - 1.0 / r if self.settings["family"] == "eru" else rectified


@keras.saving.register_keras_serializable(package="lif")
class FixedNoiseSoftplus(Own):
    """k sigma softplus(x / (k sigma)): Noisy Softplus at a fixed noise, sigma in the unit of x."""

    keys = ("k", "sigma")

    def call(self, inputs):
        width = self.settings["k"] * self.settings["sigma"]
        return width * ops.softplus(inputs / width)


@keras.saving.register_keras_serializable(package="lif")
class LifRate(Own):
    """Spikes per tau_syn of a LIF neuron without noise (sigma 0) in the mean current x + i_offset (nA)."""

    keys = ("sigma", "cm", "tau_m", "tau_refrac", "tau_syn_E", "tau_syn_I", "v_rest", "v_reset", "v_thresh", "i_offset")

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if self.settings["sigma"] != 0:
            raise ValueError("the rate of a neuron with noise is an integral that this class does not compute")

    def call(self, inputs):
        n = self.settings
        threshold, reset = n["v_thresh"] - n["v_rest"], n["v_reset"] - n["v_rest"]
        above = n["tau_m"] / n["cm"] * (inputs + n["i_offset"]) - threshold
        interval = n["tau_refrac"] + n["tau_m"] * ops.log1p((threshold - reset) / ops.where(above > 0, above, 1.0))
        return ops.where(above > 0, n["tau_syn_E"] / interval, 0.0)


@keras.saving.register_keras_serializable(package="lif")
class Maxout(Own):
    """The greatest of so many neighbouring channels; the least for the first round(minima n) of the n outputs."""

    keys = ("pieces", "minima")

    def call(self, inputs):
        channels = inputs.shape[-1] // self.settings["pieces"]
        pieces = ops.reshape(inputs, (-1, *inputs.shape[1:-1], channels, self.settings["pieces"]))
        least = ops.arange(channels) < int(self.settings["minima"] * channels + 0.5)
        return ops.where(least, ops.min(pieces, -1), ops.max(pieces, -1))


@keras.saving.register_keras_serializable(package="lif")
class SynapticMaxout(Own):
    """The greatest x_i w_ij of any input i, plus b_j; the least for the first round(minima n) of the n outputs."""

    keys = ("units", "minima", "use_bias")

    def build(self, shape):
        units = self.settings["units"]
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], units))
        self.bias = self.add_weight(name="bias", shape=(units,), initializer="zeros") if self.settings["use_bias"] else None

    def call(self, inputs):
        products = ops.expand_dims(inputs, -1) * self.kernel
        units = self.settings["units"]
        least = ops.arange(units) < int(self.settings["minima"] * units + 0.5)
        chosen = ops.where(least, ops.min(products, -2), ops.max(products, -2))
        return chosen if self.bias is None else chosen + self.bias


@keras.saving.register_keras_serializable(package="lif")
class ConvAct(Own):
    """above max(x, 0) + below min(x, 0), with weights for each channel."""

    def build(self, shape):
        self.above = self.add_weight(name="above", shape=(shape[-1],), initializer="ones")
        self.below = self.add_weight(name="below", shape=(shape[-1],), initializer="zeros")

    def call(self, inputs):
        return self.above * ops.maximum(inputs, 0.0) + self.below * ops.minimum(inputs, 0.0)


@keras.saving.register_keras_serializable(package="lif")
class DoubledInput(Own):
    """min(1, max(0, 1.3 x - 0.3)), twice."""

    def call(self, inputs):
        stretched = ops.clip(1.3 * inputs - 0.3, 0.0, 1.0)
        return ops.concatenate([stretched, stretched], -1)


class Averaging(Own):
    """z = (leak rest + sum n p) / (leak + sum d p), max(0, z) if it clips.

    d = max(0, 1 + g), n = d from the first `excitatory` channels, else -d; where `excitatory` is None, d = |w|, n = w.
    """

    averaging = ("leak", "rest", "clips", "excitatory")

    def shares(self):
        excitatory = self.settings["excitatory"]
        if excitatory is None:
            return self.kernel, ops.abs(self.kernel)
        conductance = ops.maximum(1.0 + self.kernel, 0.0)
        is_excitatory = ops.expand_dims(ops.arange(self.kernel.shape[-2]) < excitatory, -1)
        return ops.where(is_excitatory, conductance, -conductance), conductance

    def average(self, total):
        numerator, denominator = self.shares()
        leak, rest = self.settings["leak"], self.settings["rest"]
        z = (leak * rest + total(numerator)) / (leak + total(denominator))
        return ops.maximum(z, 0.0) if self.settings["clips"] else z


@keras.saving.register_keras_serializable(package="lif")
class CwaDense(Averaging):
    """Averages of all inputs."""

    keys = ("units", *Averaging.averaging)

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], self.settings["units"]))

    def call(self, inputs):
        return self.average(lambda shares: ops.matmul(inputs, shares))


@keras.saving.register_keras_serializable(package="lif")
class CwaLateral(Own):
    """p = CWA(inputs), then `steps` times q = CWA(p) and p = CWA(inputs and q); all q are inhibitory."""

    keys = ("units", "inhibitory", "steps", "leak", "rest")

    def build(self, shape):
        units, inhibitory = self.settings["units"], self.settings["inhibitory"]
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], units))
        self.to_inhibitory = self.add_weight(name="to_inhibitory", shape=(units, inhibitory))
        self.from_inhibitory = self.add_weight(name="from_inhibitory", shape=(inhibitory, units))

    def call(self, inputs):
        leak, rest = self.settings["leak"], self.settings["rest"]

        def sums(values, kernel, excitatory):
            d = ops.maximum(1.0 + kernel, 0.0)
            n = ops.where(ops.expand_dims(ops.arange(kernel.shape[0]) < excitatory, -1), d, -d)
            return ops.matmul(values, n), ops.matmul(values, d)

        def average(*pairs):
            z = (leak * rest + sum(n for n, _ in pairs)) / (leak + sum(d for _, d in pairs))
            return ops.maximum(z, 0.0)

        own = sums(inputs, self.kernel, inputs.shape[-1] // 2)
        p = average(own)
        for _ in range(self.settings["steps"]):
            q = average(sums(p, self.to_inhibitory, self.settings["units"] // 2))
            p = average(own, sums(q, self.from_inhibitory, 0))
        return p


@keras.saving.register_keras_serializable(package="lif")
class CwaConv2D(Averaging):
    """Averages of the inputs under a kernel."""

    keys = ("filters", "kernel_size", "strides", "padding", "data_format", *Averaging.averaging)

    def build(self, shape):
        size = (*self.settings["kernel_size"], shape[-1], self.settings["filters"])
        self.kernel = self.add_weight(name="kernel", shape=size)

    def call(self, inputs):
        strides, padding = tuple(self.settings["strides"]), self.settings["padding"]
        return self.average(lambda shares: ops.conv(inputs, shares, strides=strides, padding=padding))
