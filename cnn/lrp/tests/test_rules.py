from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn.backend import import_tensorflow
from cnn.lrp.graph import Node
from cnn.lrp.reading import canonical_graph
from cnn.lrp.rules import (
    alpha_beta_rule,
    box_rule,
    epsilon_rule,
    gamma_rule,
    prepare,
    weight_rule,
)
from cnn.lrp.tests import slow_rules

RULES: dict[str, Any] = {
    "zero": (epsilon_rule, {"epsilon": 0.0}, slow_rules.epsilon, {"eps": 0.0}),
    "epsilon": (epsilon_rule, {"epsilon": 0.1}, slow_rules.epsilon, {"eps": 0.1}),
    "z_plus": (
        alpha_beta_rule, {"alpha": 1.0, "beta": 0.0}, slow_rules.alpha_beta,
        {"alpha": 1, "beta": 0},
    ),
    "alpha_beta": (
        alpha_beta_rule, {"alpha": 2.0, "beta": 1.0}, slow_rules.alpha_beta,
        {"alpha": 2, "beta": 1},
    ),
    "gamma": (gamma_rule, {"gamma": 0.25}, slow_rules.gamma, {"g": 0.25}),
    "w_square": (weight_rule, {"flat": False}, slow_rules.w_square, {}),
    "flat": (weight_rule, {"flat": True}, slow_rules.flat, {}),
    "box": (
        box_rule, {}, slow_rules.box, {"low": -3.0, "high": 3.0},
    ),
}  # fmt: skip

BOX = ([-3.0], [3.0])


def a_layer(seed, *, nonnegative):
    """Draw input, weights, bias and relevance of a dense layer, 5 to 3."""
    random = np.random.default_rng(seed)
    x, w, b, r = (random.normal(size=shape) for shape in ((2, 5), (5, 3), 3, (2, 3)))
    return abs(x) if nonnegative else x, w, b, r


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("nonnegative", [True, False])
def test_a_rule_is_that_of_its_paper(name, nonnegative):
    rule, arguments, slow, slow_arguments = RULES[name]
    x, w, b, r = (values.astype(np.float32) for values in a_layer(2, nonnegative=nonnegative))
    w[:, 0], b[0] = np.sign(x[0]) * abs(w[:, 0]), abs(b[0])  # for it, and against it, alone
    w[:, 1], b[1] = -np.sign(x[0]) * abs(w[:, 1]), -abs(b[1])
    layer = prepare(
        Node("dense", "dense", weights={"kernel": w, "bias": b}),
        nonnegative=nonnegative,
        bounds=BOX,
    )
    back, _, _ = rule(layer, import_tensorflow().constant(x), x @ w + b, r, **arguments)
    for n in range(2):
        want = slow(*(values.astype(float) for values in (x[n], w, b, r[n])), **slow_arguments)
        np.testing.assert_allclose(back[n], want, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", RULES)
@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=30, deadline=None)
def test_what_goes_in_comes_out_or_is_accounted_for(name, seed, nonnegative):
    rule, arguments, _, _ = RULES[name]
    x, w, b, r = (v.astype(np.float32) for v in a_layer(seed, nonnegative=nonnegative))
    x[:, 0] += np.where(x[:, 0] < 0, -0.1, 0.1)  # so that no output is without contributions
    w[:, 0], b[0] = np.sign(x[0]) * abs(w[:, 0]), abs(b[0])  # for it, and against it, alone
    w[:, 1], b[1] = -np.sign(x[0]) * abs(w[:, 1]), -abs(b[1])
    layer = prepare(
        Node("dense", "dense", weights={"kernel": w, "bias": b}),
        nonnegative=nonnegative,
        bounds=BOX,
    )
    back, bias, stabiliser = rule(layer, import_tensorflow().constant(x), x @ w + b, r, **arguments)
    scale = np.abs(back).sum(axis=1) + np.abs(bias) + np.abs(stabiliser) + np.abs(r).sum(axis=1)
    off = np.asarray(back).sum(axis=1) + bias + stabiliser - r.sum(axis=1)
    assert np.all(np.abs(off) < 1e-4 * scale)


def kernels():
    """Give layers with windows of many kinds."""
    layers = import_tensorflow().keras.layers
    return {
        "same": layers.Conv2D(3, 3, padding="same"),
        "strides": layers.Conv2D(3, 3, strides=2, padding="same"),
        "valid": layers.Conv2D(2, (2, 3)),
        "dilation": layers.Conv2D(3, 2, dilation_rate=2),
        "depthwise": layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2),
        "depthwise_dilation": layers.DepthwiseConv2D(2, dilation_rate=2, padding="same"),
    }


@pytest.mark.parametrize("kind", kernels())
@pytest.mark.parametrize("nonnegative", [True, False])
def test_a_rule_is_that_of_its_paper_also_in_windows(kind, nonnegative):
    # What each output sees is read off Keras' own layer, one input pixel at a time.
    tf, shape, n_inputs = import_tensorflow(), (5, 6, 2), 60
    model = tf.keras.Sequential([tf.keras.layers.Input(shape), kernels()[kind]])
    random = np.random.default_rng(3)
    pixels = np.eye(n_inputs, dtype=np.float32).reshape(n_inputs, *shape)
    model.set_weights([np.float32(w.ndim > 1) * np.ones_like(w) for w in model.get_weights()])
    seen = model(pixels).numpy().reshape(n_inputs, -1) > 0
    model.set_weights([random.normal(size=w.shape) for w in model.get_weights()])
    b = model(np.zeros((1, *shape), np.float32)).numpy().ravel().astype(float)
    w = model(pixels).numpy().reshape(n_inputs, -1).astype(float) - b
    x = random.normal(size=(1, *shape)).astype(np.float32)
    x = abs(x) if nonnegative else x
    z = model(x)
    r = random.normal(size=z.shape).astype(np.float32)
    layer = prepare(canonical_graph(model).nodes[-1], nonnegative=nonnegative, bounds=BOX)
    for name, (rule, arguments, slow, slow_arguments) in RULES.items():
        back = rule(layer, tf.constant(x), z, tf.constant(r), **arguments)[0].numpy().ravel()
        want = np.zeros(n_inputs)
        for j, of_j in enumerate(r.ravel().astype(float)):
            own = seen[:, j]
            taken = x.ravel()[own].astype(float), w[own, j : j + 1], b[j : j + 1]
            want[own] += slow(*taken, np.array([of_j]), **slow_arguments)
        np.testing.assert_allclose(back, want, atol=1e-4 * abs(want).max(), err_msg=name)
