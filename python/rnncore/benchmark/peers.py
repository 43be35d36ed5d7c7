"""The same network in other libraries, each as its own documentation would have it run.

A library has a ``name``, a ``version()``, tells ``supports(case)``, and its ``prepare(case, inputs, threads)`` gives a
function that runs the network over the inputs, ``(T, B, input_size)``, and returns the whole trajectory. What can be
done once (converting the inputs, building and compiling the model) is done in ``prepare``. A library that could run the
case in several ways tries them in ``choose`` before, and tells in ``note(case)`` which it took.
"""

import os
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np

from ..simulation import simulate
from .timing import best_seconds

NONLINEARITIES = {"elman": "tanh", "elman relu": "relu"}
GATED = ("lstm", "gru", "gru reset before")


def one_thread_environment():
    """Variables that libraries read when they are first imported, for a process that is to use one thread."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC")
    return {name: "1" for name in names} | {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}


class Peer:
    def choose(self, case, inputs, threads):
        pass

    def note(self, case):
        return ""

    def version(self):
        return version(self.name)

    def installed(self):
        return find_spec(self.name) is not None

    def supports(self, case):
        return case.cell in (*NONLINEARITIES, *GATED) and case.dtype == "float32"


class Rnncore(Peer):
    def __init__(self, backend):
        self.backend = backend
        self.name = f"rnncore {backend}"
        self._cell = cache(lambda case: case.build())

    def version(self):
        return version("rnncore")

    def supports(self, case):
        return True

    def prepare(self, case, inputs, threads):
        cell = self._cell(case)
        inputs = inputs[:, 0] if case.batch == 1 else inputs
        return lambda: simulate(cell, inputs, backend=self.backend, threads=threads).outputs


class Torch(Peer):
    """``torch.nn.RNN``, ``LSTM`` or ``GRU`` in inference mode."""

    name = "torch"

    def supports(self, case):
        return super().supports(case) and case.cell != "gru reset before"

    def prepare(self, case, inputs, threads):
        import torch

        torch.set_num_threads(threads)
        weights = case.build().parameters
        sizes = case.input_size, case.size
        if case.cell in GATED:
            network = getattr(torch.nn, case.cell.upper())(*sizes)
        else:
            network = torch.nn.RNN(*sizes, nonlinearity=NONLINEARITIES[case.cell])
        biases = {"bias_hh": np.zeros_like(weights["bias_ih"])}
        network.load_state_dict({f"{name}_l0": torch.tensor(array) for name, array in (biases | weights).items()})
        inputs = torch.from_numpy(inputs)

        @torch.inference_mode()
        def run():
            return network(inputs)[0]

        return run


class OnnxRuntime(Peer):
    """The ONNX operators RNN, LSTM and GRU."""

    name = "onnxruntime"

    def installed(self):
        return super().installed() and find_spec("onnx") is not None

    def prepare(self, case, inputs, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        model = _onnx_model(case).SerializeToString()
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return lambda: session.run(["Y"], {"X": inputs})[0][:, 0]


def _onnx_model(case):
    from onnx import TensorProto, helper, numpy_helper

    cell = case.build()
    weights = {"bias_hh": np.zeros_like(cell.parameters["bias_ih"])} | cell.parameters
    if case.cell in GATED:
        order = (0, 3, 1, 2) if case.cell == "lstm" else (1, 0, 2)  # i, o, f, c and z, r, h in ONNX
        blocks = {name: np.split(array, len(order)) for name, array in weights.items()}
        weights = {name: np.concatenate([parts[gate] for gate in order]) for name, parts in blocks.items()}
        operator = case.cell.split()[0].upper()
        options = {} if case.cell == "lstm" else {"linear_before_reset": int(cell.reset_after)}
    else:
        operator, options = "RNN", {"activations": [NONLINEARITIES[case.cell].capitalize()]}
    bias = np.concatenate([weights["bias_ih"], weights["bias_hh"]])
    stored = {"W": weights["weight_ih"][None], "R": weights["weight_hh"][None], "B": bias[None]}
    node = helper.make_node(operator, ["X", "W", "R", "B"], ["Y"], hidden_size=case.size, **options)
    graph = helper.make_graph(
        [node],
        "recurrence",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["T", case.batch, case.input_size])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["T", 1, case.batch, case.size])],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in stored.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)


class Jax(Peer):
    """``lax.scan``, jitted, the input projection hoisted out of it; the fastest of several ways to write the step."""

    name = "jax"
    unrolls = (1, 2, 4, 8)

    def __init__(self):
        self._fastest = {}

    def choose(self, case, inputs, threads):
        ways = [(order, unroll) for order in ("W h", "h Wᵀ") for unroll in self.unrolls]
        self._fastest[case] = min(ways, key=lambda way: _warm_seconds(_scan(case, inputs, *way)))

    def note(self, case):
        order, unroll = self._fastest[case]
        return f"{order}, unroll {unroll}"

    def prepare(self, case, inputs, threads):
        return _scan(case, inputs, *self._fastest[case])


def _scan(case, inputs, order, unroll):
    import jax
    import jax.numpy as jnp

    inputs = jnp.asarray(inputs[:, 0] if case.batch == 1 else inputs)
    weights = {name: jnp.asarray(array) for name, array in case.build().parameters.items()}
    weights.setdefault("bias_hh", jnp.zeros_like(weights["bias_ih"]))
    transposed = order == "h Wᵀ"
    if transposed:
        weights["weight_hh"] = jnp.asarray(np.ascontiguousarray(np.asarray(weights["weight_hh"]).T))
    start = jnp.zeros((*inputs.shape[1:-1], case.size), inputs.dtype)
    start = (start, start) if case.cell == "lstm" else (start,)
    step = jax_step(case, transposed)

    @jax.jit
    def run(inputs, weights):
        projected = inputs @ weights["weight_ih"].T + weights["bias_ih"]
        return jax.lax.scan(lambda state, x: step(weights, state, x), start, projected, unroll=unroll)[1]

    compiled = run.lower(inputs, weights).compile()
    return lambda: compiled(inputs, weights).block_until_ready()


def jax_step(case, transposed):
    """``step(weights, state, projected input)`` gives the new state and the outputs; weight_hh may be transposed."""
    import jax
    import jax.numpy as jnp

    def product(weight, h):
        return h @ weight if transposed else (weight @ h.T).T

    def elman(weights, state, projected):
        nonlinearity = {"tanh": jnp.tanh, "relu": jax.nn.relu}[NONLINEARITIES[case.cell]]
        h = nonlinearity(product(weights["weight_hh"], state[0]) + projected)
        return (h,), h

    def sigmoid(z):  # faster in XLA than jax.nn.sigmoid
        return 0.5 * jnp.tanh(0.5 * z) + 0.5

    def lstm(weights, state, projected):
        h, c = state
        i, f, g, o = jnp.split(product(weights["weight_hh"], h) + projected, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
        h = sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    def gru(weights, state, projected):
        (h,) = state
        r, z, n = jnp.split(product(weights["weight_hh"], h) + weights["bias_hh"], 3, axis=-1)
        x_r, x_z, x_n = jnp.split(projected, 3, axis=-1)
        z = sigmoid(z + x_z)
        h = (1 - z) * jnp.tanh(x_n + sigmoid(r + x_r) * n) + z * h
        return (h,), h

    def gru_reset_before(weights, state, projected):
        (h,) = state
        gates, candidate = jnp.split(weights["weight_hh"], [2 * case.size], axis=1 if transposed else 0)
        x_gates, x_n = jnp.split(projected + weights["bias_hh"], [2 * case.size], axis=-1)
        r, z = jnp.split(sigmoid(product(gates, h) + x_gates), 2, axis=-1)
        h = (1 - z) * jnp.tanh(x_n + product(candidate, r * h)) + z * h
        return (h,), h

    return {"lstm": lstm, "gru": gru, "gru reset before": gru_reset_before}.get(case.cell, elman)


def _warm_seconds(run):
    run()
    return best_seconds(run, 5)


class NumPyLoop(Peer):
    """A Python loop over NumPy calls, the input projection hoisted; sparse weights by ``scipy.sparse``."""

    name = "numpy"

    def supports(self, case):
        return case.cell in (*NONLINEARITIES, "elman sparse")

    def prepare(self, case, inputs, threads):
        cell = case.build()
        weight_hh, weight_ih, bias = (cell.parameters[name] for name in ("weight_hh", "weight_ih", "bias_ih"))
        nonlinearity = {"tanh": np.tanh, "relu": lambda z, out: np.maximum(z, 0, out=out)}[cell.nonlinearity]
        kept, leak = cell.dtype.type(1 - cell.leak), cell.dtype.type(cell.leak)

        def run():
            outputs = inputs @ weight_ih.T
            outputs += bias
            h = np.zeros(case.size if case.batch == 1 else (case.size, case.batch), cell.dtype)
            for row in outputs[:, 0] if case.batch == 1 else outputs.transpose(0, 2, 1):
                z = weight_hh @ h
                z += row
                nonlinearity(z, out=z)
                if leak != 1:
                    z *= leak
                    z += kept * h
                row[...] = h = z
            return outputs

        return run


def peers():
    """Every other library that is installed here."""
    return [peer for peer in (Torch(), OnnxRuntime(), Jax()) if peer.installed()]


def use_one_thread():
    """For libraries not imported yet; those that are take the number with each call."""
    os.environ.update(one_thread_environment())
