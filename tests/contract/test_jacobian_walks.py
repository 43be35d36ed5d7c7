"""The walks with Jacobians: every backend gives the reference's products, and their bits depend on nothing else."""

import itertools

import numpy as np
import pytest

from rnncore.backends import get_backend, prepare

from .examples import EXAMPLES, KINDS, STEPS, experiment

SIZES = [1, 2, 3, 7, 8, 9, 15, 17, 33, 65]


class Walks:
    """The walks of one backend over one experiment: arguments made ready, results collected."""

    def __init__(self, case, backend, threads=1):
        self.case, self.threads = case, threads
        self.program = prepare(case.cell, get_backend(backend))
        self.width = 1 if case.state.ndim == 1 else len(case.state)
        self.inputs = None if case.inputs is None else case.inputs.reshape(case.steps, self.width, -1)
        self.size = case.cell.state_size

    def _part(self, start, stop):
        return None if self.inputs is None else np.ascontiguousarray(self.inputs[start:stop])

    def state(self):
        return np.array(self.case.state.reshape(self.width, self.size))

    def block(self, columns, seed=3):
        block = np.random.default_rng(seed).normal(size=(self.width, self.size, columns))
        return block.astype(self.case.cell.dtype)

    def cut(self, cuts):
        edges = [0, *cuts, self.case.steps]
        return list(itertools.pairwise(edges))

    def multiply(self, columns, cuts=(), every=1):
        state, block = self.state(), self.block(columns)
        exponents = np.zeros((self.width, columns), np.int64)
        norms = []
        for start, stop in self.cut(cuts):
            kept = np.full((stop // every - start // every, self.width, columns), np.nan)
            self.program.multiply(
                self._part(start, stop), stop - start, state, block, exponents,
                start=start, every=every, norms=kept, threads=self.threads,
            )  # fmt: skip
            norms.append(kept)
        return state, *canonical(block, exponents), np.concatenate(norms)

    def pull_back(self, columns, cuts=(), labels=None, groups=1):
        block, exponents = self.block(columns), np.zeros((self.width, columns), np.int64)
        norms = []
        for start, stop in reversed(self.cut(cuts)):
            state = self.state()
            self.program.advance(
                self._part(0, start), start, state,
                start=0, every=1, outputs=None, states=None, threads=1,
            )  # fmt: skip
            before = state.copy()
            kept = np.full((stop - start, self.width, groups, columns), np.nan)
            self.program.pull_back(
                self._part(start, stop), stop - start, state, block, exponents,
                start=start, labels=labels, groups=groups, norms=kept, threads=self.threads,
            )  # fmt: skip
            np.testing.assert_array_equal(state, before)
            norms.insert(0, kept)
        return *canonical(block, exponents), np.concatenate(norms)

    def orthonormalise(self, columns, interval, backward=False, cuts=()):
        state, block = self.state(), self.block(columns)
        walk = self.program.orthonormalise_back if backward else self.program.orthonormalise
        found = []
        for start, stop in self.cut(cuts):
            count = -(-(stop - start) // interval)
            shape, dtype = (count, self.width), block.dtype
            growth = np.full((*shape, columns), np.nan)
            factors = np.full((*shape, columns, columns), np.nan, dtype)
            frames = np.full((*shape, self.size, columns), np.nan, dtype)
            exponents = np.zeros((*shape, columns), np.int64)
            walk(
                self._part(start, stop), stop - start, state, block, start=start, interval=interval,
                growth=growth, factors=factors, exponents=exponents, frames=frames, threads=self.threads,
            )  # fmt: skip
            found.append((growth, np.ldexp(factors, exponents[..., None, :]), frames))
        return state, block, *map(np.concatenate, zip(*found))

    def push_forward(self, cuts=(), forced=True):
        rng = np.random.default_rng(5)
        dtype, units = (
            self.case.cell.dtype,
            sum(layer.state_size or layer.output_size for layer in self.case.cell.layers),
        )
        state, tangent = self.state(), rng.normal(size=(self.width, self.size)).astype(dtype)
        moved = forcing = None
        if forced:
            if self.inputs is not None:
                moved = rng.normal(size=self.inputs.shape).astype(dtype)
            forcing = rng.normal(size=(self.case.steps, self.width, units)).astype(dtype)
        shape = (self.case.steps, self.width, self.case.cell.output_size)
        outputs, tangents = np.full(shape, np.nan, dtype), np.full(shape, np.nan, dtype)
        for start, stop in self.cut(cuts):
            part = slice(start, stop)
            self.program.push_forward(
                self._part(start, stop), stop - start, state, tangent, start=start,
                input_tangents=None if moved is None else moved[part],
                forcing=None if forcing is None else forcing[part],
                outputs=outputs[part], output_tangents=tangents[part], threads=self.threads,
            )  # fmt: skip
        return outputs, tangents, state, tangent


def canonical(block, exponents):
    """Every column's largest magnitude in [1/2, 1), zeros with exponent 0: the same for every way to split a number."""
    largest = np.abs(block).max(axis=1, initial=0)
    shift = np.frexp(largest)[1]
    return np.ldexp(block, -shift[:, None, :]), np.where(largest == 0, 0, exponents + shift)


def close(got, want, case, scale=1.0):
    """A step multiplies by a matrix of row sums up to 2 per layer and rounds each of its n products; relative to the
    largest entry of a column that makes n eps a step and layer, and twice that between two computations."""
    widest = 2 + max(layer.state_size + layer.input_size for layer in case.cell.layers)
    layers = len(case.cell.layers)
    bound = 2 * case.steps * (widest + 16) * 4.0**layers * np.finfo(case.cell.dtype).eps
    np.testing.assert_allclose(got, want, rtol=0, atol=bound * scale)


def compare_scaled(got, want, case):
    """mantissa · 2**exponent, relative to the largest entry of the column."""
    mantissa, exponent = got
    wanted, at = want
    zero = np.abs(wanted).max(axis=1, initial=0) == 0
    np.testing.assert_array_equal(np.abs(mantissa).max(axis=1, initial=0) == 0, zero)
    close(np.ldexp(mantissa, (exponent - at)[:, None, :]), wanted, case)


STATEFUL = [name for name in EXAMPLES if not name.startswith(("dense", "chain-dense-only"))]
DELAYED = ["delay-line", "chain-delay-line", "chain-delay-lines"]
GATED = ["lstm-peepholes", "gru", "gru-reset-before", "gated-diagonal-gate-identity", "chain-gated", "chain-lstm-last"]


@pytest.mark.parametrize("name", STATEFUL)
def test_products_equal_the_reference(name, backend, dtype):
    for batch in (None, 3):
        case = experiment(name, dtype, size=9, input_size=3, batch=batch)
        for columns in (1, 2, 9):
            got, want = (Walks(case, b).multiply(columns, every=3) for b in (backend, "reference"))
            close(got[0], want[0], case)
            compare_scaled(got[1:3], want[1:3], case)
            finite = np.isfinite(want[3])
            np.testing.assert_array_equal(np.isfinite(got[3]), finite)
            close(np.exp2(got[3][finite] - want[3][finite]), 1.0, case)


@pytest.mark.parametrize("name", STATEFUL)
def test_pulled_back_products_equal_the_reference(name, backend, dtype):
    for batch in (None, 3):
        case = experiment(name, dtype, size=9, input_size=3, batch=batch)
        labels = np.arange(case.cell.state_size, dtype=np.int32) % 3 - 1
        for columns in (1, 2, 9):
            for grouping in ({}, {"labels": labels, "groups": 2}):
                got, want = (Walks(case, b).pull_back(columns, **grouping) for b in (backend, "reference"))
                compare_scaled(got[:2], want[:2], case)
                # A group may hold little of its column: compare with the whole.
                whole = np.nan_to_num(Walks(case, "reference").pull_back(columns)[2], neginf=0)
                close(np.exp2(got[2] - whole), np.exp2(want[2] - whole), case)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "linear", "elman-tanh", "elman-sigmoid-leaky", "chain-deep", "matrix-sequence", "diagonal-complex", *GATED,
        *DELAYED,
    ],
)  # fmt: skip
def test_orthonormalised_products_hold_what_they_promise(name, backward, backend, dtype):
    """Q R = A Q_before within rounding, Q orthonormal, R triangular: the definition itself is the reference."""
    case = experiment(name, dtype, size=9, input_size=3, batch=2)
    matrices = Walks(case, "reference").program._jacobians(
        Walks(case, "reference").inputs, case.steps, Walks(case, "reference").state(), 0
    )
    matrices = [np.swapaxes(m, 1, 2) for m in reversed(matrices)] if backward else matrices
    eps = np.finfo(dtype).eps
    for columns in (1, 2, 9):
        for interval in (1, 2, 5):
            walks = Walks(case, backend)
            _, block, growth, factors, frames = walks.orthonormalise(columns, interval, backward)
            before = walks.block(columns)
            for number, first in enumerate(range(0, case.steps, interval)):
                product = before
                for matrix in matrices[first : first + interval]:
                    product = matrix @ product
                scale = np.maximum(np.abs(product).max(axis=1, keepdims=True), np.finfo(dtype).tiny)
                close((frames[number] @ factors[number]) / scale, product / scale, case, scale=columns)
                np.testing.assert_array_equal(factors[number], np.triu(factors[number]))
                diagonal = np.diagonal(factors[number], axis1=1, axis2=2)
                np.testing.assert_allclose(np.exp(growth[number]), diagonal, rtol=64 * eps)
                gram = np.swapaxes(frames[number], 1, 2) @ frames[number]
                # What modified Gram-Schmidt loses: eps times the conditioning of what it was given.
                alive = diagonal > 0
                worst = np.max(np.abs(np.triu(factors[number])).max(axis=1) / np.where(alive, diagonal, np.inf))
                expected = np.eye(columns) * alive[:, None, :]
                np.testing.assert_allclose(gram, expected, rtol=0, atol=64 * columns**2 * eps * max(1, worst))
                before = frames[number]
            np.testing.assert_array_equal(block, frames[-1])


@pytest.mark.parametrize("name", EXAMPLES)
def test_forced_tangents_equal_the_reference(name, backend, dtype):
    for batch in (None, 3):
        case = experiment(name, dtype, size=9, input_size=3, batch=batch)
        for forced in (True, False):
            got, want = (Walks(case, b).push_forward(forced=forced) for b in (backend, "reference"))
            for one, other in zip(got, want):
                close(one, other, case, scale=4.0 ** len(case.cell.layers))


@pytest.mark.parametrize(
    "name",
    [
        "elman-tanh", "elman-relu-leaky", "linear-sparse", "chain-deep", "matrix-sequence", "diagonal-complex", *GATED,
        *DELAYED,
    ],
)  # fmt: skip
def test_every_size_equals_the_reference(name, backend, dtype):
    for size in SIZES:
        case = experiment(name, dtype, size=size, steps=3)
        for columns in sorted({1, 2, 5, max(1, size - 1), size, size + 3}):
            got, want = (Walks(case, b).multiply(columns) for b in (backend, "reference"))
            compare_scaled(got[1:3], want[1:3], case)
            got, want = (Walks(case, b).pull_back(columns) for b in (backend, "reference"))
            compare_scaled(got[:2], want[:2], case)


@pytest.mark.parametrize("name", [name for name in KINDS if name in STATEFUL])
@pytest.mark.parametrize("batch", [None, 5])
def test_cuts_and_threads_change_no_bit(name, batch, backend, dtype):
    case = experiment(name, dtype, size=9, batch=batch)
    whole, cut = Walks(case, backend), Walks(case, backend, threads=3)
    for columns in (1, 3, 9):
        for cuts in ([7], [1, 2, 12]):
            for walk in ("multiply", "pull_back"):
                same(getattr(cut, walk)(columns, cuts), getattr(whole, walk)(columns))
        same(cut.orthonormalise(columns, 3, cuts=[3, 9]), whole.orthonormalise(columns, 3))
    same(cut.push_forward([1, 8]), whole.push_forward())


def same(got, want):
    for one, other in zip(got, want):
        np.testing.assert_array_equal(one, other, strict=True)


def test_products_neither_overflow_nor_underflow(backend, dtype):
    from rnncore import Linear

    for factor in (1e30, 1e-30):
        case = experiment("linear", dtype, size=3, steps=STEPS)
        case.cell = Linear(factor * np.diag([1.0, -0.5, 0.0]).astype(dtype), np.ones((3, 2), dtype))
        walks = Walks(case, backend)
        walks.block = lambda columns: np.eye(3, columns, dtype=dtype)[None]
        case.inputs[...] = case.state[...] = 0
        _, mantissa, _exponent, norms = walks.multiply(3)
        exact = STEPS * np.log2(np.float64(dtype.type(factor)))
        np.testing.assert_allclose(norms[-1, 0], [exact, exact - STEPS, -np.inf], rtol=1e-6)
        np.testing.assert_array_equal(mantissa[0] != 0, np.diag([True, True, False]))
        norms = walks.pull_back(3)[2]
        np.testing.assert_allclose(norms[0, 0, 0], [exact, exact - STEPS, -np.inf], rtol=1e-6)


def test_a_saturated_unit_keeps_its_slope(backend):
    from rnncore import Elman

    # φ'(30) of tanh is 4 e^-60 to 17 digits, where 1 - tanh² is exactly 0.
    case = experiment("elman-tanh", np.dtype("float64"), size=1, input_size=1, steps=3)
    case.cell = Elman([[1.0]], [[1.0]], bias_ih=[30.0])
    case.inputs[...] = case.state[...] = 0
    norms = Walks(case, backend).multiply(1)[3]
    block = Walks(case, backend).block(1)
    expected = np.log2(abs(block[0, 0, 0])) + np.log2(4) - 60 / np.log(2)
    assert norms[0, 0, 0] == pytest.approx(expected, rel=1e-14)
