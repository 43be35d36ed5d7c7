"""rnncore.jax against JAX's own scans and derivatives, and against rnncore.gradients.

float64 is compared to 1e-10 of each array's largest number: the runs are of some dozen steps of bounded cells, whose
rounding differs between implementations by some thousand units in the last place at most.
"""

import os
import subprocess
import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

import rnncore
import rnncore.jax

SIZE, INPUTS, STEPS, BATCH = 5, 3, 40, 4


@pytest.fixture
def x64():
    """JAX holds float64, as everywhere in this file but where its absence is what is tested."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.fixture
def no_x64():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", False)
    yield
    jax.config.update("jax_enable_x64", before)


def normal(rng, *shape):
    return rng.normal(size=shape) / 2


def assert_close(found, expected):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=1e-10 * max(1e-3, float(np.abs(b).max()))),
        found,
        expected,
    )


def assert_same(found, expected):
    np.testing.assert_array_equal(found, expected, strict=True)


def elman(rng):
    cell = rnncore.Elman(
        normal(rng, SIZE, SIZE), normal(rng, SIZE, INPUTS), normal(rng, SIZE), normal(rng, SIZE), leak=0.7
    )

    def step(p, h, x):
        z = p["weight_hh"] @ h + p["weight_ih"] @ x + p["bias_ih"] + p["bias_hh"]
        h = 0.3 * h + 0.7 * jnp.tanh(z)
        return h, h

    return cell, step


def lstm(rng):
    cell = rnncore.LSTM(normal(rng, 4 * SIZE, SIZE), normal(rng, 4 * SIZE, INPUTS), normal(rng, 4 * SIZE))

    def step(p, state, x):
        h, c = state[:SIZE], state[SIZE:]
        i, f, g, o = jnp.split(p["weight_hh"] @ h + p["weight_ih"] @ x + p["bias_ih"], 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return jnp.concatenate([h, c]), h

    return cell, step


def gru(rng):
    shapes = (3 * SIZE, SIZE), (3 * SIZE, INPUTS), (3 * SIZE,), (3 * SIZE,)
    cell = rnncore.GRU(*(normal(rng, *shape) for shape in shapes))

    def step(p, h, x):
        by_state = jnp.split(p["weight_hh"] @ h + p["bias_hh"], 3)
        by_input = jnp.split(p["weight_ih"] @ x + p["bias_ih"], 3)
        r, z = (jax.nn.sigmoid(a + b) for a, b in zip(by_state[:2], by_input[:2]))
        h = (1 - z) * jnp.tanh(by_input[2] + r * by_state[2]) + z * h
        return h, h

    return cell, step


def complex_diagonal(rng):
    eigenvalues = 0.9 * np.exp(1j * rng.uniform(0, 3, SIZE))
    weight_ih, bias = (normal(rng, *shape) + 1j * normal(rng, *shape) for shape in ((SIZE, INPUTS), (SIZE,)))
    cell = rnncore.Diagonal(eigenvalues, weight_ih, bias)

    def step(p, state, x):
        h = (
            p["weight_hh"] * jax.lax.complex(state[0::2], state[1::2])
            + p["weight_ih"] @ jax.lax.complex(x, jnp.zeros_like(x))
            + p["bias"]
        )
        state = jnp.stack([h.real, h.imag], axis=1).ravel()
        return state, state

    return cell, step


CELLS = {make.__name__: make for make in (elman, lstm, gru, complex_diagonal)}


def scan(step, parameters, inputs, state):
    final_state, outputs = jax.lax.scan(partial(step, parameters), state, inputs)
    return outputs, final_state


def loss_of(run):
    """A function of all outputs and of the final state."""

    def loss(parameters, inputs, state):
        outputs, final_state = run(parameters, inputs, state)
        return jnp.sum(outputs**2) + jnp.sum(jnp.sin(outputs[-1])) + jnp.sum(final_state**3)

    return loss


def value_and_gradients(run, *arguments):
    return jax.jit(jax.value_and_grad(loss_of(run), argnums=(0, 1, 2)))(*arguments)


@pytest.mark.parametrize("name", CELLS)
def test_value_and_gradients_are_those_of_a_scan(x64, rng, name):
    cell, step = CELLS[name](rng)
    parameters = rnncore.jax.parameters(cell)
    arguments = parameters, normal(rng, STEPS, INPUTS), normal(rng, cell.state_size)
    ours = partial(rnncore.jax.simulate, cell)
    assert_close(ours(*arguments), scan(step, *arguments))
    assert_close(value_and_gradients(ours, *arguments), value_and_gradients(partial(scan, step), *arguments))


@pytest.mark.parametrize("shared", ["nothing", "inputs", "state"])
def test_batches(x64, rng, shared):
    cell, step = lstm(rng)
    inputs = normal(rng, STEPS, *(() if shared == "inputs" else (BATCH,)), INPUTS)
    state = normal(rng, *(() if shared == "state" else (BATCH,)), cell.state_size)
    axes = None, None if shared == "inputs" else 1, None if shared == "state" else 0
    arguments = rnncore.jax.parameters(cell), inputs, state
    scans = jax.vmap(partial(scan, step), in_axes=axes, out_axes=(1, 0))
    ours = partial(rnncore.jax.simulate, cell)
    assert_close(ours(*arguments), scans(*arguments))
    assert_close(value_and_gradients(ours, *arguments), value_and_gradients(scans, *arguments))


def chain(rng, dtype):
    sparse = scipy.sparse.random_array((SIZE, SIZE), density=0.5, format="csr", rng=rng)
    return rnncore.Chain(
        [
            rnncore.Elman(sparse, normal(rng, SIZE, INPUTS), nonlinearity="softplus"),
            complex_diagonal(rng)[0].replace(weight_ih=normal(rng, SIZE, SIZE) * (1 + 1j)),
            rnncore.Dense(normal(rng, 2, 2 * SIZE), normal(rng, 2)),
        ]
    ).astype(dtype)


def test_a_chain_has_the_bits_of_rnncore_gradients(x64, rng, backend, dtype):
    cell = chain(rng, dtype)
    inputs, state = (normal(rng, *s).astype(dtype) for s in ((STEPS, BATCH, INPUTS), (BATCH, cell.state_size)))
    cotangents = normal(rng, STEPS, BATCH, 2).astype(dtype), normal(rng, BATCH, cell.state_size).astype(dtype)
    run = jax.jit(partial(rnncore.jax.simulate, cell, backend=backend))
    results, back = jax.vjp(run, rnncore.jax.parameters(cell), inputs, state)
    by_parameters, by_inputs, by_state = back(cotangents)

    trajectory = rnncore.simulate(cell, inputs, state=state, backend=backend)
    assert_same(np.asarray(results[0]), trajectory.outputs)
    assert_same(np.asarray(results[1]), trajectory.final_state)
    expected = rnncore.gradients(
        cell, inputs, cotangents[0], state=state, final_state_cotangent=cotangents[1], backend=backend
    )
    assert_same(np.asarray(by_inputs), expected.inputs)
    assert_same(np.asarray(by_state), expected.state)
    for name, gradient in expected.parameters.items():
        values = gradient.data if scipy.sparse.issparse(gradient) else gradient
        assert_same(np.asarray(by_parameters[name]), values.conj())


def test_float32_where_jax_has_no_float64(no_x64, rng):
    cell = lstm(rng)[0].astype("float32")
    inputs = normal(rng, STEPS, INPUTS)  # float64, converted as by rnncore.simulate
    outputs, final_state = rnncore.jax.simulate(cell, rnncore.jax.parameters(cell), inputs)
    assert_same(np.asarray(outputs), rnncore.simulate(cell, inputs).outputs)
    assert final_state.dtype == np.float32
    gradient = jax.jit(jax.grad(lambda p: rnncore.jax.simulate(cell, p, inputs)[0].sum()))(rnncore.jax.parameters(cell))
    expected = rnncore.gradients(cell, inputs, np.ones((STEPS, SIZE)))
    for name, array in expected.parameters.items():
        assert_same(np.asarray(gradient[name]), array)


def test_float64_cells_need_jax_to_hold_float64(no_x64, rng):
    cell = lstm(rng)[0]
    with pytest.raises(TypeError, match="jax_enable_x64"):
        rnncore.jax.parameters(cell)
    with pytest.raises(TypeError, match="jax_enable_x64"):
        rnncore.jax.simulate(cell, cell.parameters, np.ones((STEPS, INPUTS)))


def test_vmap_is_a_batch(x64, rng):
    cell, _ = gru(rng)
    parameters, inputs = rnncore.jax.parameters(cell), normal(rng, STEPS, BATCH, INPUTS)
    run = partial(rnncore.jax.simulate, cell)
    mapped = jax.vmap(run, in_axes=(None, 1), out_axes=(1, 0))
    assert_close(mapped(parameters, inputs), run(parameters, inputs))

    def loss(run, parameters, inputs):
        outputs, final_state = run(parameters, inputs)
        return jnp.sum(outputs**2) + jnp.sum(final_state)

    of_batch = jax.jit(jax.grad(partial(loss, run)))(parameters, inputs)
    assert_close(jax.jit(jax.grad(partial(loss, mapped)))(parameters, inputs), of_batch)
    of_each = jax.vmap(jax.grad(partial(loss, run)), in_axes=(None, 1))(parameters, inputs)
    assert_close(jax.tree.map(lambda array: array.sum(axis=0), of_each), of_batch)


@pytest.mark.parametrize("of", ["outputs", "final state", "neither"])
def test_derivatives_by_some_of_one_result(x64, rng, of):
    cell, step = elman(rng)
    parameters, state = rnncore.jax.parameters(cell), normal(rng, SIZE)
    inputs = normal(rng, STEPS, INPUTS)

    def loss(run, bias, inputs):
        outputs, final_state = run({**parameters, "bias_hh": bias}, inputs, state)
        return {"outputs": outputs[3:7].sum(), "final state": final_state.sum(), "neither": 0 * bias.sum()}[of]

    ours, scanned = (
        jax.jit(jax.grad(partial(loss, run), argnums=(0, 1)))(parameters["bias_hh"], inputs)
        for run in (partial(rnncore.jax.simulate, cell), partial(scan, step))
    )
    assert_close(ours, scanned)


def test_runs_without_inputs(x64, rng):
    cell = rnncore.Linear(normal(rng, SIZE, SIZE))
    state = normal(rng, SIZE)

    def final(parameters, state):
        return rnncore.jax.simulate(cell, parameters, state=state, steps=3)[1]

    parameters = rnncore.jax.parameters(cell)
    cubed = jax.jacrev(lambda p, s: jnp.linalg.matrix_power(p["weight_hh"], 3) @ s, argnums=(0, 1))
    assert_close(jax.jacrev(final, argnums=(0, 1))(parameters, state), cubed(parameters, state))

    matrices = rnncore.MatrixSequence(normal(rng, 3, SIZE, SIZE))
    by_matrices = jax.jacrev(lambda p: rnncore.jax.simulate(matrices, p, state=state)[1])
    product = jax.jacrev(lambda p: p["matrices"][2] @ (p["matrices"][1] @ (p["matrices"][0] @ state)))
    assert_close(*(function(rnncore.jax.parameters(matrices)) for function in (by_matrices, product)))


def test_the_memory_limit_changes_no_bit(x64, rng):
    cell = lstm(rng)[0]
    inputs = normal(rng, 3000, INPUTS)

    def loss(parameters, inputs, memory_limit):
        return jnp.sum(rnncore.jax.simulate(cell, parameters, inputs, memory_limit=memory_limit)[0] ** 2)

    parameters = rnncore.jax.parameters(cell)
    whole, limited = (
        jax.jit(jax.grad(partial(loss, memory_limit=limit), argnums=(0, 1)))(parameters, inputs)
        for limit in ("100 MB", "400 kB")
    )
    tape = rnncore.gradients(cell, inputs, np.ones((3000, SIZE)), memory_limit="400 kB")
    assert tape.recomputed_steps > 0
    jax.tree.map(assert_same, jax.tree.map(np.asarray, limited), jax.tree.map(np.asarray, whole))


def test_the_cell_is_a_static_argument_and_its_numbers_are_not_used(x64, rng):
    cell, _ = gru(rng)
    traced = []

    def run(cell, parameters, inputs):
        traced.append(cell)
        return rnncore.jax.simulate(cell, parameters, inputs)[0]

    compiled = jax.jit(run, static_argnums=0)
    inputs = normal(rng, STEPS, INPUTS)
    for scale in (1.0, 0.5):
        changed = {name: scale * array for name, array in rnncore.jax.parameters(cell).items()}
        expected = rnncore.simulate(rnncore.jax.replace(cell, changed), inputs).outputs
        assert_same(np.asarray(compiled(cell, changed, inputs)), expected)
    assert len(traced) == 1


def test_parameters_there_and_back(x64, rng, dtype):
    cell = chain(rng, dtype)
    same = rnncore.jax.replace(cell, rnncore.jax.parameters(cell))
    assert [type(layer) for layer in same.layers] == [type(layer) for layer in cell.layers]
    assert [layer.options for layer in same.layers] == [layer.options for layer in cell.layers]
    for name, array in cell.parameters.items():
        other = same.parameters[name]
        if scipy.sparse.issparse(array):
            array, other = array.todense(), other.todense()
        assert_same(other, array)


def test_modes_that_are_not_there_raise(x64, rng):
    cell, _ = elman(rng)
    parameters, inputs = rnncore.jax.parameters(cell), jnp.asarray(normal(rng, STEPS, INPUTS))

    def loss(inputs):
        return rnncore.jax.simulate(cell, parameters, inputs)[0].sum()

    with pytest.raises(TypeError, match="forward-mode"):
        jax.jvp(loss, (inputs,), (inputs,))
    with pytest.raises(ValueError, match="do not support JVP"):
        jax.grad(lambda inputs: jnp.sum(jax.grad(loss)(inputs) ** 2))(inputs)


def wrong_calls():
    def names(p, x):
        return {name: array for name, array in p.items() if name != "bias_hh"}, x

    def shape(p, x):
        return {**p, "bias_hh": jnp.zeros(SIZE + 1)}, x

    def kind(p, x):
        return {**p, "bias_hh": jnp.zeros(SIZE, "float32")}, x

    def number(p, x):
        return {**p, "bias_hh": 0.0}, x

    return {
        "names": (names, {}, ValueError, "weight_ih, bias_ih, bias_hh; got weight_hh, weight_ih, bias_ih"),
        "no dict": (lambda p, x: (list(p), x), {}, TypeError, "must be a dict .*, got list"),
        "shape": (shape, {}, ValueError, r"\['bias_hh'\] must have shape \(5,\); got \(6,\)"),
        "dtype": (kind, {}, TypeError, r"\['bias_hh'\] must have the dtype of the cell's, float64; got float32"),
        "number": (number, {}, TypeError, r"\['bias_hh'\] must be an array, got float"),
        "inputs": (lambda p, x: (p, x[:, :2]), {}, ValueError, "inputs have a last axis of 2, but the cell takes 3"),
        "complex": (lambda p, x: (p, 1j * x), {}, TypeError, "inputs must hold real numbers, .* complex128"),
        "state": (lambda p, x: (p, x), {"state": np.zeros(3)}, ValueError, r"state must have shape \(5,\)"),
        "steps": (lambda p, x: (p, x), {"steps": 3}, ValueError, "steps is 3 but inputs hold 40"),
        "backend": (lambda p, x: (p, x), {"backend": "fortran"}, ValueError, "fortran"),
        "limit": (lambda p, x: (p, x), {"memory_limit": "much"}, ValueError, "memory_limit"),
    }


@pytest.mark.parametrize("name", wrong_calls())
def test_wrong_calls_are_told_when_they_are_traced(x64, rng, name):
    change, options, kind, message = wrong_calls()[name]
    cell, _ = elman(rng)
    arguments = change(rnncore.jax.parameters(cell), jnp.asarray(normal(rng, STEPS, INPUTS)))
    with pytest.raises(kind, match=message):
        jax.eval_shape(lambda: rnncore.jax.simulate(cell, *arguments, **options))


def test_what_is_no_cell():
    for call in (rnncore.jax.parameters, partial(rnncore.jax.replace, parameters={})):
        with pytest.raises(TypeError, match=r"cell must be a cell such as rnncore\.Elman, got str"):
            call("LSTM")


def test_errors_while_compiled_code_runs(x64):
    cell = rnncore.Linear([[2.0]], [[1.0]])
    parameters, inputs = rnncore.jax.parameters(cell), jnp.ones((5, 1))

    @jax.jit
    def value(inputs):
        return rnncore.jax.simulate(cell, parameters, inputs)[0].sum()

    with pytest.raises(
        jax.errors.JaxRuntimeError, match=r"inputs must be finite in float64, got nan at index \(3, 0\)"
    ):
        jax.block_until_ready(value(inputs.at[3, 0].set(jnp.nan)))
    with pytest.raises(jax.errors.JaxRuntimeError, match="NonFiniteError: the state is not finite after step 3"):
        jax.block_until_ready(value(inputs.at[1, 0].set(1.7e308)))

    @jax.jit
    def gradient(scale):
        return jax.grad(lambda inputs: scale * rnncore.jax.simulate(cell, parameters, inputs)[0][-1, 0])(inputs)

    with pytest.raises(jax.errors.JaxRuntimeError, match="the cotangent of the outputs must be finite"):
        jax.block_until_ready(gradient(jnp.inf))
    with pytest.raises(jax.errors.JaxRuntimeError, match="NonFiniteError: the gradient is not finite on the way back"):
        jax.block_until_ready(gradient(1.7e308))

    @jax.jit
    def within(inputs):
        return jax.grad(lambda x: rnncore.jax.simulate(cell, parameters, x, memory_limit=100)[0].sum())(inputs)

    with pytest.raises(jax.errors.JaxRuntimeError, match="ValueError: memory_limit"):
        jax.block_until_ready(within(inputs))


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment}, timeout=100, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_callbacks_do_not_wait_for_ever_where_xla_has_one_thread():
    done = python(
        """
import jax, jax.numpy as jnp, numpy as np, rnncore, rnncore.jax
size = 512
cell = rnncore.Elman(np.eye(size, dtype="float32") / 2, np.ones((size, size), "float32") / size)
def loss(parameters, inputs):
    return (rnncore.jax.simulate(cell, parameters, inputs)[0] ** 2).mean()
gradient, compiled = jax.grad(loss), jax.jit(jax.grad(loss))
parameters, inputs = rnncore.jax.parameters(cell), jnp.ones((100, 8, size), "float32")
for count in range(5):
    found = compiled(parameters, inputs * count), gradient(parameters, inputs)
jax.block_until_ready(found)
print("done")
""",
        NPROC="1",  # as XLA counts processors
    )
    assert done.stdout == "done\n", done.stderr


def test_rnncore_does_not_import_jax():
    done = python("import sys, rnncore; sys.exit(any(name.split('.')[0] in ('jax', 'jaxlib') for name in sys.modules))")
    assert done.returncode == 0, done.stderr


def test_without_jax_the_extra_is_named():
    done = python("import sys; sys.modules['jax'] = None; import rnncore.jax")
    assert done.returncode == 1
    assert "ImportError: rnncore.jax needs JAX: pip install 'rnncore[jax]'" in done.stderr
