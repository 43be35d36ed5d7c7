"""Back-propagation: every backend gives the reference's gradients, and their bits depend on nothing else."""

import itertools

import numpy as np
import pytest
import scipy.sparse

from rnncore import Elman, gradients, jvp
from rnncore.backends import get_backend, prepare
from rnncore.backends.protocol import GRADIENT_BLOCK
from rnncore.backpropagation.parameter_sums import ParameterSums

from ..walks.test_jvp import random_tangents
from .examples import EXAMPLES, KINDS, LONG, experiment

SIZES = [1, 2, 3, 7, 8, 9, 15, 17, 33, 65]


class Adjoint:
    """``record`` and ``accumulate_gradients`` of one backend over one experiment."""

    def __init__(self, case, backend, threads=1):
        self.case, self.threads = case, threads
        self.program = prepare(case.cell, get_backend(backend))
        self.width = 1 if case.state.ndim == 1 else len(case.state)
        shape = (case.steps, self.width, case.cell.input_size)
        self.inputs = None if case.inputs is None else case.inputs.reshape(shape)
        rng, dtype = np.random.default_rng(11), case.cell.dtype
        self.by_outputs = rng.normal(size=(case.steps, self.width, case.cell.output_size)).astype(dtype)
        self.by_state = rng.normal(size=(self.width, case.cell.state_size)).astype(dtype)

    def part(self, start, stop):
        return None if self.inputs is None else np.ascontiguousarray(self.inputs[start:stop])

    def record(self, edges=()):
        """``(start, stop, tape)``, outputs, final state."""
        case, tapes = self.case, []
        state = np.array(case.state.reshape(self.width, case.cell.state_size))
        outputs = np.full(self.by_outputs.shape, np.nan, case.cell.dtype)
        for start, stop in itertools.pairwise([0, *edges, case.steps]):
            tape = self.program.record(
                self.part(start, stop), stop - start, state,
                start=start, outputs=outputs[start:stop], threads=self.threads,
            )  # fmt: skip
            tapes.append((start, stop, tape))
        return tapes, outputs, state

    def go_back(self, tapes, *, cuts=None, wanted=None, inputs=True, outputs=True):
        """Everything there is a gradient of, by name."""
        case, cotangent = self.case, self.by_state.copy()
        sums = ParameterSums(case.cell, list(case.cell.parameters) if wanted is None else wanted)
        rows = np.full_like(self.inputs, np.nan) if inputs and self.inputs is not None else None
        for start, stop, tape in reversed(tapes):
            self.program.accumulate_gradients(
                tape, self.part(start, stop), stop - start, cotangent, start=start,
                output_cotangents=self.by_outputs[start:stop] if outputs else None,
                cuts=None if cuts is None else cuts[start:stop], parameters=sums.layers,
                input_cotangents=None if rows is None else rows[start:stop], threads=self.threads,
            )  # fmt: skip
        found = dict(sums.sums() + sums.sequences()) | {"state": cotangent}
        return found if rows is None else found | {"inputs": rows}

    def gradients(self, edges=(), **options):
        return self.go_back(self.record(edges)[0], **options)


def bound(case, terms):
    """A step multiplies by a matrix of row sums up to 2 per layer and rounds each of its n products, which makes n eps
    a step and layer; so many terms are added up; and twice that between two computations."""
    widest = 2 + max(layer.state_size + layer.input_size + layer.output_size for layer in case.cell.layers)
    return 2 * (terms + 16 + widest) * 4.0 ** len(case.cell.layers) * np.finfo(case.cell.dtype).eps


def close(got, want, case):
    assert got.keys() == want.keys()
    for name, array in want.items():
        # In a block, sums are of all its steps and sequences; cotangents shrink by half a step.
        terms = min(case.steps, GRADIENT_BLOCK) * (1 if case.state.ndim == 1 else len(case.state))
        scale = max(1, np.abs(array).max(initial=0))
        np.testing.assert_allclose(got[name], array, rtol=0, atol=bound(case, terms) * scale, err_msg=name)


def same(got, want):
    assert got.keys() == want.keys()
    for name in want:
        np.testing.assert_array_equal(got[name], want[name], strict=True, err_msg=name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_gradients_equal_the_reference(name, backend, dtype):
    for batch in (None, 3):
        case = experiment(name, dtype, size=9, input_size=3, batch=batch)
        cuts = np.arange(case.steps) % 5 == 3
        for options in ({}, {"cuts": cuts}, {"outputs": False}):
            got, want = (Adjoint(case, b).gradients(**options) for b in (backend, "reference"))
            close(got, want, case)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("batch", [None, 2])
def test_a_gradient_times_a_tangent_is_the_cotangent_times_what_the_tangent_does(name, batch, backend, dtype):
    """⟨∂D/∂p, ṗ⟩ = ⟨∂D/∂y, ẏ⟩: the way back against the way forward, which shares no code with it."""
    case = experiment(name, dtype, size=6, input_size=3, batch=batch)
    tangents, run = random_tangents(case), {"steps": case.steps, "state": case.state, "backend": backend}
    _, moved = jvp(case.cell, case.inputs, tangents, **run)
    cotangent = np.random.default_rng(3).normal(size=moved.shape)
    found = gradients(case.cell, case.inputs, cotangent, **run)
    pairs = [(found.parameters[key], tangent) for key, tangent in tangents["parameters"].items()]
    pairs += [(getattr(found, key), tangents[key]) for key in ("inputs", "state") if key in tangents]
    products = [inner(gradient, tangent) for gradient, tangent in pairs]
    size = np.abs(cotangent * moved).sum() + np.abs(products).sum()
    assert abs(sum(products) - (cotangent * moved).sum()) < bound(case, case.steps) * size


def inner(gradient, tangent):
    gradient = gradient.toarray() if scipy.sparse.issparse(gradient) else gradient
    return np.sum((np.conj(gradient) * tangent).real, dtype=np.float64)


@pytest.mark.parametrize(
    "name",
    [
        "elman-tanh", "elman-relu-leaky", "linear-sparse", "lstm-peepholes", "gru", "gru-reset-before", "dense-tanh",
        "diagonal-complex", "gated-diagonal-gate-identity", "delay-line", "matrix-sequence", "chain-deep",
        "chain-gated", "chain-delay-lines",
    ],
)  # fmt: skip
def test_every_size_equals_the_reference(name, backend, dtype):
    for size in SIZES:
        for batch, input_size in ((None, 1), (1, size), (2, 4), (17, size + 1)):
            case = experiment(name, dtype, size=size, input_size=input_size, steps=3, batch=batch)
            got, want = (Adjoint(case, b).gradients() for b in (backend, "reference"))
            close(got, want, case)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("batch", [None, 5])
def test_blocks_of_a_long_run_equal_the_reference(name, batch, backend):
    case = experiment(name, np.dtype("float64"), size=5, steps=LONG, batch=batch)
    got, want = (Adjoint(case, b).gradients() for b in (backend, "reference"))
    close(got, want, case)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("batch", [None, 5, 37])
def test_segments_and_threads_change_no_bit(name, batch, backend, dtype):
    case = experiment(name, dtype, size=9, steps=LONG if batch is None else 600, batch=batch)
    cuts = np.arange(case.steps) % 100 == 7
    want = Adjoint(case, backend).gradients(cuts=cuts)
    for edges, threads in (([512], 2), (range(256, case.steps, 256), 3)):
        same(Adjoint(case, backend, threads).gradients(edges, cuts=cuts), want)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("batch", [None, 3])
def test_a_recorded_run_is_the_run(name, batch, backend, dtype):
    case = experiment(name, dtype, size=9, steps=300, batch=batch)
    run = case.run(backend)
    for edges in ((), [256]):
        _, outputs, state = Adjoint(case, backend).record(edges)
        np.testing.assert_array_equal(outputs.reshape(run.outputs.shape), run.outputs)
        np.testing.assert_array_equal(state.reshape(run.final_state.shape), run.final_state)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("batch", [None, 3])
def test_a_tape_serves_any_number_of_ways_back_and_wishes(name, batch, backend, dtype):
    case = experiment(name, dtype, size=9, batch=batch)
    adjoint = Adjoint(case, backend)
    tapes, _, _ = adjoint.record()
    want = adjoint.go_back(tapes)
    adjoint.record()  # whose work memory may be the same
    same(adjoint.go_back(tapes), want)
    names = list(case.cell.parameters)
    for wanted in ([], names[:1], names[1:]):
        for inputs in (True, False):
            found = adjoint.go_back(tapes, wanted=wanted, inputs=inputs)
            same(found, {key: want[key] for key in found})
            assert set(found) == {*wanted, "state"} | ({"inputs"} if inputs and case.inputs is not None else set())


@pytest.mark.parametrize("name", KINDS)
def test_a_sequence_does_not_depend_on_its_neighbours(name, backend, dtype):
    for batch in (2, 9, 17):
        case = experiment(name, dtype, size=9, batch=batch)
        adjoint = Adjoint(case, backend)
        before = adjoint.gradients()
        for kept in (0, batch // 2, batch - 1):
            others = np.arange(batch) != kept
            changed = Adjoint(case, backend)
            changed.by_outputs[:, others] = np.nan
            changed.by_state[others] = np.inf
            if changed.inputs is not None:
                changed.inputs = changed.inputs.copy()
                changed.inputs[:, others] = np.inf
            after = changed.gradients()
            np.testing.assert_array_equal(after["state"][kept], before["state"][kept])
            if "inputs" in before:
                np.testing.assert_array_equal(after["inputs"][:, kept], before["inputs"][:, kept])


@pytest.mark.parametrize("name", KINDS)
def test_the_bytes_of_a_tape_grow_with_the_batch(name, backend, dtype):
    case = experiment(name, dtype, size=9)
    program = prepare(case.cell, get_backend(backend))
    for width in (0, 1, 2, 7, 100):
        count = program.tape_bytes(width)
        assert isinstance(count, int) and count >= 0
        assert count >= program.tape_bytes(max(0, width - 1))


def test_no_steps_leave_everything_as_it_is(backend, dtype):
    case = experiment("chain-gated", dtype, steps=0, batch=2)
    adjoint = Adjoint(case, backend)
    found = adjoint.gradients()
    np.testing.assert_array_equal(found["state"], adjoint.by_state)
    assert all(not array.any() for key, array in found.items() if key not in ("state", "inputs"))


def test_nothing_flows_back_beyond_a_cut(backend, dtype):
    case = experiment("elman-tanh", dtype, size=9)
    adjoint, cuts = Adjoint(case, backend), np.zeros(case.steps, bool)
    adjoint.by_outputs[:10] = 0
    cuts[10] = True
    found = adjoint.gradients(cuts=cuts)
    assert found["inputs"][10].all()
    assert not found["inputs"][:10].any() and not found["state"].any()


def test_a_saturated_unit_keeps_its_slope(backend):
    # φ'(30) of tanh is 4 e^-60 to 17 digits, where 1 - tanh² is exactly 0.
    found = gradients(Elman([[1.0]], [[1.0]], bias_ih=[30.0]), [[0.0]], [1.0], at="last", backend=backend)
    assert found.inputs[0, 0] == pytest.approx(4 * np.exp(-60), rel=1e-14)
    assert found.parameters["bias_ih"][0] == found.inputs[0, 0]


def test_relu_at_its_kink_has_slope_zero(backend):
    cell = Elman([[1.0]], [[1.0]], nonlinearity="relu")
    assert gradients(cell, [[0.0]], [1.0], at="last", backend=backend).inputs[0, 0] == 0
