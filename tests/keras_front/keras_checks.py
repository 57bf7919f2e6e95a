"""The Keras front end on the backend that KERAS_BACKEND names.

tests/conformance/test_conformance_keras.py runs this on each, after the conformance suite.
"""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops
from keras_slope import numbers, slope

import rectifier
import rectifier.keras as rk
from rectifier import Param, catalog, define
from rectifier.analysis.schemes import SCHEMES
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError
from rectifier.keras.definition import describe, restore
from rectifier.keras.initializers import ActivationInitializer
from rectifier.numpy import function as reference

# Keras's torch backend converts to NumPy in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAMES = catalog.names()
SWASH = define("swash", "x * sigmoid(beta * x) + c", beta=Param(1.0, learnable=True), c=0.25)
X = np.random.default_rng(0).standard_normal((16, 5)).astype(np.float32)


@pytest.mark.parametrize("name", ["relu", "mish", "swish"])
def test_the_gradient_of_the_gradient(name: str) -> None:
    x = X[0]
    got = numbers(slope(rk.function(name), ops.convert_to_tensor(x), order=2))
    expected = reference(name).derivative(x.astype(float), order=2)
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-6)


def test_parameters_per_channel_sum_their_gradients() -> None:
    x, slopes = ops.convert_to_tensor(X), ops.convert_to_tensor([0.1, 0.2, 0.3, 0.4, 0.5])
    np.testing.assert_allclose(
        numbers(rk.functions.prelu(x, weight=slopes)[:, 1]),
        np.where(X[:, 1] > 0, X[:, 1], np.float32(0.2) * X[:, 1]),
        rtol=1e-6,
    )
    got = numbers(slope(lambda p: rk.functions.prelu(x, weight=p), slopes))
    np.testing.assert_allclose(got, np.minimum(X, 0).sum(0), rtol=1e-5)


def test_what_is_taken_and_given_back() -> None:
    f = rk.functions.mish
    assert keras.backend.standardize_dtype(f(ops.ones(2, "int32")).dtype) == "float32"
    assert keras.backend.standardize_dtype(f(ops.ones(2, "bool")).dtype) == "float32"
    assert float(f(1.0)) == pytest.approx(0.8650984)
    symbolic = f(keras.Input((3,), dtype="float16"))
    assert (symbolic.shape, symbolic.dtype) == ((None, 3), "float16")
    assert f(keras.Input((3,), dtype="int32")).dtype == "float32"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: rk.functions.mish(np.ones(2, np.complex64)), InvalidInputError, "real numbers"),
        (lambda x: rk.functions.mish(object()), InvalidInputError, "mish: expected"),
        (lambda x: rk.functions.elu(x, beta=2.0), InvalidActivationError, "no parameter 'beta'"),
        (lambda x: rk.functions.softplus(x, beta=-1.0), InvalidActivationError, "between"),
        (lambda x: rk.functions.prelu(x, weight=np.ones(3, "f")), InvalidInputError, "broadcast"),
        (lambda x: rk.functions.prelu(x, weight=np.ones(5, int)), InvalidActivationError, "float"),
        (lambda x: rk.functions.mihs(x), AttributeError, "did you mean 'mish'"),
        (lambda x: rk.Mihs(), AttributeError, "did you mean .*'Mish'"),
        (lambda x: rk.activation("mihs"), UnknownNameError, "did you mean 'mish'"),
        (lambda x: rk.ActivationLayer(), InvalidActivationError, "needs an activation"),
        (lambda x: rk.Mish("relu"), InvalidActivationError, "by name, got 'relu'"),
        (lambda x: rk.Swish(sharing="both"), InvalidActivationError, "got 'both'"),
        (lambda x: rk.Softplus(beta=-1.0), InvalidActivationError, "between"),
        (lambda x: rk.PReLU(axis=3)(x), InvalidInputError, "axis of the channels is 3"),
        (lambda x: rk.PReLU()(keras.Input((None,))), InvalidInputError, "must be known"),
        (lambda x: rk.PReLU(sharing="unit")(keras.Input((None, 3))), InvalidInputError, "per unit"),
        (lambda x: rk.SwiGLU()(x), InvalidInputError, "even number"),
        (lambda x: rk.SwiGLU(beta=math.nan), InvalidActivationError, "finite"),
        (lambda x: rk.gated("glu")(x, gate="lst"), UnknownNameError, "did you mean 'last'"),
        (lambda x: rk.TopK(), InvalidActivationError, "topk takes k"),
        (lambda x: rk.rowwise("softmax")(x, axis=2), InvalidInputError, "no axis 2"),
        (lambda x: rk.rowwise("softmax")(x, axis="a"), InvalidActivationError, "axis must be"),
        (lambda x: rk.gated("glu")(x, axis=1.0), InvalidActivationError, "axis must be .*1.0"),
        (lambda x: rk.Softmax(axis="a"), InvalidActivationError, "Softmax: axis must be"),
        (lambda x: rk.GLU(axis=None), InvalidActivationError, "GLU: axis must be"),
        (lambda x: rk.GLU(gate="lst"), UnknownNameError, "did you mean 'last'"),
        (lambda x: rk.PReLU(constraint={"w": "non_neg"}), InvalidActivationError, "given for w"),
        (
            lambda x: rk.activation(define("a", "x * trainable", trainable=1.0)),
            InvalidActivationError,
            "named trainable",
        ),
        (lambda x: restore({"name": "a"}), InvalidActivationError, "description"),
        (lambda x: rk.initializer("rleu"), UnknownNameError, "did you mean .*'relu'"),
        (lambda x: rk.initializer("relu", "hee"), UnknownNameError, "scheme 'hee'"),
        (lambda x: rk.initializer(slope=1.0), InvalidActivationError, "without an activation"),
        (lambda x: rk.initializer("relu", slope=1.0), InvalidActivationError, "no parameter"),
    ],
)
def test_wrong_use(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(X)


def model() -> keras.Model:
    """A model that uses every way of applying an activation."""
    inputs = keras.Input((5,))
    weights = rk.initializer("mish", seed=1)
    h = keras.layers.Dense(8, rk.functions.mish, kernel_initializer=weights)(inputs)
    h = rk.PReLU(regularizer=keras.regularizers.L2(0.01), name="slopes")(h)
    h = rk.activation(
        SWASH, beta=-0.5, sharing="channel", constraint={"beta": "non_neg"}, name="own"
    )(h)
    h = rk.functions.leaky_relu(rk.functions.gelu(h), negative_slope=0.3)
    h = keras.layers.Dense(8, rk.function(SWASH))(rk.Swish(learnable=False, beta=2.0)(h))
    return keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(h))


def test_a_model_learns_is_saved_and_comes_back(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    net = model()
    slopes = net.get_layer("slopes")
    assert tuple(slopes.weight.shape) == (8,)
    np.testing.assert_allclose(numbers(net.losses[0]), 0.01 * 8 * 0.25**2, rtol=1e-6)
    before = numbers(slopes.weight)
    net.compile("sgd", "binary_crossentropy")
    net.fit(X, X[:, :1] > 0, epochs=2, verbose=0)
    assert (numbers(slopes.weight) != before).any()
    assert (numbers(net.get_layer("own").beta) >= 0).all()
    expected = net.predict(X, verbose=0)
    net.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), expected)
    assert again.get_layer("own").function.activation == SWASH
    assert again.layers[1].activation == rk.functions.mish
    assert isinstance(again.layers[1].kernel_initializer, ActivationInitializer)
    again.fit(X, X[:, :1] > 0, verbose=0)
    copied = keras.models.clone_model(again)
    copied.set_weights(again.get_weights())
    np.testing.assert_allclose(copied.predict(X, verbose=0), again.predict(X, verbose=0), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_comes_back_from_its_configuration(name: str) -> None:
    layer = rk.activation(name)
    assert type(layer) is getattr(rk, catalog.get(name).class_name)
    written = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(written)
    assert again.get_config() == layer.get_config()
    y = layer(ops.convert_to_tensor(X))
    np.testing.assert_allclose(numbers(y), reference(name)(X.astype(float)), rtol=1e-4, atol=1e-6)
    assert [w.name for w in layer.weights] == list(catalog.get(name).learnable)
    f = rk.function(name)
    assert keras.activations.get(keras.activations.serialize(f)) == f


OF_ROWS = [*catalog.gated_names(), *catalog.rowwise_names()]
FEW = {"topk": {"k": 2}, "batch_topk": {"k": 2}}


def test_layers_of_rows_are_saved_and_come_back(tmp_path: Path) -> None:
    inputs = keras.Input((6,))
    layers = [rk.activation(name, **FEW.get(name, {})) for name in OF_ROWS]
    layers.append(rk.ClampedSwiGLU(gate="even", alpha=1.5, name="gpt_oss"))
    net = keras.Model(inputs, [layer(inputs) for layer in layers])
    x = X[:, [0, 1, 2, 3, 4, 0]]
    expected = net.predict(x, verbose=0)
    for layer, symbolic, y in zip(layers, net.outputs, expected, strict=True):
        assert (symbolic.shape[1:], symbolic.dtype) == (y.shape[1:], "float32"), layer.name
    net.save(tmp_path / "rows.keras")
    again = keras.models.load_model(tmp_path / "rows.keras")
    for one, other in zip(again.predict(x, verbose=0), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    for name, layer in zip(OF_ROWS, layers, strict=False):
        kind, given = ("gated" if name in catalog.gated_names() else "rowwise"), FEW.get(name, {})
        y = getattr(rk, kind)(name)(ops.convert_to_tensor(x), **given)
        np.testing.assert_allclose(numbers(layer(x)), numbers(y), rtol=1e-6)
        assert type(layer) is getattr(rk, type(layer).__name__)
    assert again.get_layer("gpt_oss").get_config() == layers[-1].get_config()


@pytest.mark.parametrize("compute", ["float16", "bfloat16"])
def test_mixed_precision_keeps_the_weights_in_fp32(compute: str) -> None:
    layer = rk.activation(SWASH, beta=0.1, sharing="channel", dtype=f"mixed_{compute}")
    y = layer(ops.convert_to_tensor(X))
    assert keras.backend.standardize_dtype(y.dtype) == compute
    assert keras.backend.standardize_dtype(layer.beta.dtype) == "float32"
    x = numbers(ops.cast(ops.convert_to_tensor(X), compute))
    beta = float(np.float32(0.1))
    exact = ops.cast(ops.convert_to_tensor(x / (1 + np.exp(-beta * x)) + 0.25, "float32"), compute)
    np.testing.assert_array_equal(numbers(y), numbers(exact))


def test_channels_lie_where_the_data_format_says() -> None:
    x = np.ones((2, 3, 4, 5), np.float32)
    last, first = rk.PReLU(), rk.PReLU(axis=1)
    for layer, channels in ((last, 5), (first, 3)):
        layer.build(x.shape)
        layer.weight.assign(np.arange(channels, dtype=np.float32))
    np.testing.assert_array_equal(numbers(last(-x))[0, 0, 0], -np.arange(5.0))
    np.testing.assert_array_equal(numbers(first(-x))[0, :, 0, 0], -np.arange(3.0))
    keras.config.set_image_data_format("channels_first")
    try:
        layer = rk.PReLU()
        layer.build(x.shape)
    finally:
        keras.config.set_image_data_format("channels_last")
    assert tuple(layer.weight.shape) == (3,)
    assert not rk.PReLU(learnable=False).weights
    each = rk.PReLU(sharing="unit")
    each.build(x.shape)
    assert tuple(each.weight.shape) == (3, 4, 5)
    each.weight.assign(np.arange(60, dtype=np.float32).reshape(3, 4, 5))
    np.testing.assert_array_equal(numbers(each(-x))[1], -np.arange(60.0).reshape(3, 4, 5))
    shared = rk.PReLU(sharing="shared")
    shared.build(x.shape)
    assert tuple(shared.weight.shape) == ()


def test_initialisers() -> None:
    shape = (3, 3, 20, 30)
    ours = rk.initializer("relu", seed=3)(shape)
    theirs = keras.initializers.HeNormal(seed=3)(shape)
    np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=1e-6)
    for scheme, rule in SCHEMES.items():
        if scheme in ("lsuv", "identity", "randomized_asymmetric", "alexnet"):
            continue
        made = rk.initializer("leaky_relu", scheme, seed=1, negative_slope=0.3)
        fan = {"in": 200, "out": 300, "mean": 250}[rule.fan]
        fan = 300 if rule.distribution == "orthogonal" else fan
        gain = rectifier.gain("leaky_relu", negative_slope=0.3) if rule.uses_gain else 1.0
        weight = numbers(made((200, 300), dtype="float32"))
        assert weight.std() == pytest.approx(gain / math.sqrt(fan), rel=0.02)
        again = keras.initializers.get(keras.initializers.serialize(made))
        np.testing.assert_array_equal(numbers(again((200, 300))), weight)
    assert rk.initializer(None, "lecun").gain == 1


def test_initialisers_that_are_not_of_one_scale() -> None:
    with pytest.raises(InvalidInputError, match=r"call rectifier\.keras\.lsuv on the model"):
        rk.initializer("relu", "lsuv")
    eye = numbers(rk.initializer(None, "identity")((4, 4)))
    np.testing.assert_array_equal(eye, np.eye(4))
    small = numbers(rk.initializer("relu", "alexnet", seed=1)((300, 200)))
    assert small.std() == pytest.approx(0.01, rel=0.02)
    made = rk.initializer("relu", "rai", seed=1)
    weight = numbers(made((400, 300), dtype="float32"))
    large = weight > 6 * 0.6007 / 20
    assert large.sum(axis=0).max() == 1  # and 3 % of Beta(2, 1) lie below that
    assert large.any(axis=0).mean() == pytest.approx(0.968, abs=0.03)
    assert weight[large].mean() == pytest.approx(0.689, abs=0.05)
    assert weight[~large].std() == pytest.approx(0.6007 / 20, rel=0.02)
    again = keras.initializers.get(keras.initializers.serialize(made))
    np.testing.assert_array_equal(numbers(again((400, 300))), weight)
    assert numbers(made((3, 3, 4, 5))).shape == (3, 3, 4, 5)
    gated = rk.initializer("swiglu", beta=2.0)
    assert gated.gain == rectifier.gain("swiglu", beta=2.0)
    assert keras.initializers.get(keras.initializers.serialize(gated)).gain == gated.gain


def test_lsuv_gives_each_layer_unit_variance() -> None:
    x = np.random.default_rng(0).standard_normal((64, 6, 6, 3)).astype("float32") * 9
    inputs = keras.Input((6, 6, 3))
    h = keras.layers.Conv2D(8, 3, activation="relu", name="one")(inputs)
    h = h + keras.layers.Conv2D(8, 3, padding="same", activation=rk.functions.mish, name="two")(h)
    h = keras.layers.Dropout(0.5)(keras.layers.Flatten()(h))
    model = keras.Model(inputs, keras.layers.Dense(5, name="three")(h))
    factors = rk.lsuv(model, x, seed=0)
    assert list(factors) == ["one", "two", "three"]
    assert model.get_layer("one").activation is keras.activations.relu
    outputs = {layer: model.get_layer(layer) for layer in factors}
    relu, linear = outputs["one"], outputs["three"]
    relu.activation = keras.activations.linear
    seen = keras.Model(inputs, relu.output)(x)
    assert numbers(seen).var() == pytest.approx(1, abs=0.1)
    relu.activation = keras.activations.relu
    assert numbers(model(x)).var() == pytest.approx(1, abs=0.1)
    kernel = numbers(linear.kernel) / factors["three"]
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(5), atol=1e-4)
    with pytest.raises(InvalidInputError, match="variance 0 on the sample"):
        rk.lsuv(model, np.zeros_like(x))


def test_definitions_and_functions_are_plain_data() -> None:
    for spec in (*catalog.all_activations(), SWASH):
        assert restore(describe(spec)) == spec
    f = rk.function(SWASH)
    assert f is rk.function(SWASH)
    assert pickle.loads(pickle.dumps(f)) == f
    assert set(NAMES) <= set(dir(rk.functions))
    assert rk.functions.gelu_new is rk.functions.gelu_tanh


def test_weights_and_biases_of_a_model() -> None:
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            *(layers.Conv2D(4, 3, padding="same", name=f"c{n}") for n in range(1, 6)),
            layers.Flatten(),
            layers.Dense(300, name="d1"),
            layers.Dense(200, name="d2"),
        ]
    )
    assert list(rk.init_(model, scheme="alexnet", seed=1).values()) == [1.0] * 7
    biases = {layer.name: numbers(layer.bias) for layer in model.layers if hasattr(layer, "bias")}
    assert {name for name, bias in biases.items() if bias.all()} == {"c2", "c4", "c5", "d1"}
    assert numbers(model.layers[-1].kernel).std() == pytest.approx(0.01, rel=0.02)
    rk.init_(model, scheme="rai", seed=1)
    kernel, bias = numbers(model.layers[-1].kernel), numbers(model.layers[-1].bias)
    large = np.concatenate([kernel, bias[None]]) > 6 * 0.6007 / math.sqrt(300)
    assert large.sum(axis=0).max() == 1
    assert bias.std() < 5 * 0.6007 / math.sqrt(300)
    assert bias.any()
    small = numbers(model.layers[0].bias)
    assert small.shape == (4,)
    gains = rk.init_(model, "silu", seed=1)
    assert list(gains.values()) == [1.0] + [rectifier.gain("silu")] * 6
    std = numbers(model.layers[-1].kernel).std()
    assert std == pytest.approx(rectifier.gain("silu") / math.sqrt(300), rel=0.02)
    gains = rk.init_(model, "leaky_relu", parameters={"negative_slope": 0.3}, seed=1)
    assert list(gains.values()) == pytest.approx([math.sqrt(2 / 1.09)] * 6 + [1.0])
    with pytest.raises(InvalidInputError, match="no dense or convolutional layer that is built"):
        rk.init_(keras.Sequential([layers.Dense(3)]))
