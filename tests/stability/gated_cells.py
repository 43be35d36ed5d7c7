"""Random gated cells of all scales, boxes and runs in them."""

import numpy as np

from rnncore import GRU, LSTM, jacobian, simulate
from rnncore.stability_analysis.interval import Interval

PEEPHOLES = ("weight_ci", "weight_cf", "weight_co")


def random_lstm(rng, scale, *, size=None, inputs=2, peepholes=False, dtype=np.float64):
    size = rng.integers(1, 9) if size is None else size
    given = {name: scale * rng.normal(size=size) for name in PEEPHOLES if peepholes and rng.random() < 0.8}
    biases = rng.normal(size=4 * size), scale * rng.normal(size=4 * size)
    weights = scale * rng.normal(size=(4 * size, size)), rng.normal(size=(4 * size, inputs))
    return LSTM(*weights, *biases, **given).astype(dtype)


def random_gru(rng, scale, *, size=None, inputs=2, reset_after=True, dtype=np.float64):
    size = rng.integers(1, 9) if size is None else size
    biases = rng.normal(size=3 * size), scale * rng.normal(size=3 * size)
    weights = scale * rng.normal(size=(3 * size, size)), rng.normal(size=(3 * size, inputs))
    return GRU(*weights, *biases, reset_after=reset_after).astype(dtype)


def random_scale(rng):
    """Between 1e-3 and 30."""
    return 10.0 ** rng.uniform(-3, np.log10(30))


def symmetric(bound, size):
    return Interval.symmetric(np.full(size, float(bound)))


def points_in(rng, box, count):
    """Corners, and points from all over the box: (count, n)."""
    share = rng.random((count, len(box.lower)))
    share[: count // 2] = np.rint(share[: count // 2])
    return np.clip(box.lower + share * (box.upper - box.lower), box.lower, box.upper)


def runs(rng, bound, steps, batch, inputs):
    """Random inputs, and ones that switch between their bounds, fast and slowly: (steps, batch, inputs)."""
    values = rng.uniform(-bound, bound, size=(steps, batch, inputs))
    for sequence in range(0, batch, 2):
        length = rng.integers(1, 50)
        signs = rng.choice([-bound, bound], size=(steps // length + 1, inputs))
        values[:, sequence] = np.repeat(signs, length, axis=0)[:steps]
    return values


def states(cell, inputs, state):
    """Every state of runs in float64 by the textbook's formulae, where float32's rounding is no subject."""
    return simulate(cell.astype(np.float64), inputs, state=state, keep="states", backend="reference").states


def rounding(cell, inputs, state):
    """What the reference may err by: the arguments by their terms' rounding, which slopes of at most 1, weights and
    states multiply."""
    sizes = {name: np.abs(np.float64(array)) for name, array in cell.parameters.items()}
    outputs, largest = state.magnitude[: cell.output_size].max(), state.magnitude.max()
    reach = 1 + outputs * sizes["weight_hh"].sum(axis=1).max()
    reach += inputs.magnitude.max(initial=0.0) * sizes.get("weight_ih", np.zeros((1, 0))).sum(axis=1).max()
    reach += sum(sizes[name].max() for name in ("bias_ih", "bias_hh") if name in sizes)
    reach += sum(sizes[name].max() for name in PEEPHOLES if name in sizes) * largest
    return 30 * 2.0**-52 * reach * (1 + sizes["weight_hh"].max()) * (1 + largest)


def assert_inside(box, points, slack):
    assert np.all(points >= box.lower - slack)
    assert np.all(points <= box.upper + slack)


def assert_encloses_step_and_jacobian(rng, interval_map, cell, inputs, state, count=40):
    """At corners and inner points of the boxes."""
    cell = cell.astype(np.float64)
    slack = rounding(cell, inputs, state)
    x, h = points_in(rng, inputs, count), points_in(rng, state, count)
    x = x[rng.permutation(count)]
    assert_inside(interval_map.step(inputs, state), states(cell, x[None], h)[0], slack)
    assert_inside(interval_map.jacobian(inputs, state), jacobian(cell, h, x, backend="reference"), slack)


def certificate(interval_map, inputs, box):
    """Weights v of a supremum norm, and the rate at which steps contract it; None where K does not show that."""
    matrix, kept = interval_map.contraction(inputs, box)
    size = matrix.magnitude
    if not np.isfinite(size).all() or np.abs(np.linalg.eigvals(size)).max() >= 1:
        return None
    v = np.linalg.solve(np.eye(len(size)) - size, np.ones(len(size)))  # |K| v = v - 1
    share = np.max(size @ v / v)
    return v, np.max(kept + (1 - kept) * share)


def assert_pairs_come_together(rng, interval_map, cell, bound, box, steps=80, pairs=8):
    """From corners of the box, under the same inputs, step by step at the rate that the certificate tells."""
    inputs = symmetric(bound, cell.input_size)
    v, rate = certificate(interval_map, inputs, box)
    start = points_in(rng, box, 4 * pairs)[: 2 * pairs]
    u = runs(rng, bound, steps, pairs, cell.input_size)
    found = states(cell, np.concatenate([u, u], axis=1), start)
    distances = np.abs(
        np.concatenate([start[None], found])[:, :pairs] - np.concatenate([start[None], found])[:, pairs:]
    )
    norms = np.max(distances / v, axis=-1)
    slack = rounding(cell, inputs, box) / v.min()
    assert np.all(norms[1:] <= rate * norms[:-1] + slack)
    assert rate < 1 or np.isclose(rate, 1)  # a gate may be 1 to rounding


def scaled_to_the_border(make_map, cell, bound):
    """The cell with the largest multiple of its recurrent weights that is still certified, about; None if none is."""
    inputs = symmetric(bound, cell.input_size)

    def is_certified(scale):
        interval_map = make_map(cell.replace(weight_hh=scale * cell.parameters["weight_hh"]))
        box = interval_map.attracting_box(inputs)
        return box is not None and certificate(interval_map, inputs, box) is not None

    low, high = 1e-6, 100.0
    if not is_certified(low):
        return None
    for _ in range(25):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if is_certified(middle) else (low, middle)
    return cell.replace(weight_hh=low * cell.parameters["weight_hh"])
