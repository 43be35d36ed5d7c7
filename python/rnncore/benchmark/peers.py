"""The same network in other libraries, each as its own documentation would have it run.

A library has a ``name``, a ``version()``, tells ``supports(case)``, and its ``prepare(case, inputs, threads)`` gives a
function that runs the network over the inputs, ``(T, B, input_size)``, and returns the whole trajectory. What can be
done once (converting the inputs, building and compiling the model) is done in ``prepare``. A library that could run the
case in several ways tries them in ``choose`` before, and tells in ``note(case)`` which it took.
"""

import os
import time
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np

from ..simulation import simulate

NONLINEARITIES = {"elman": "tanh", "elman relu": "relu"}


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
        return case.cell in NONLINEARITIES and case.dtype == "float32"


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
    """``torch.nn.RNN`` in inference mode."""

    name = "torch"

    def prepare(self, case, inputs, threads):
        import torch

        torch.set_num_threads(threads)
        weights = case.build().parameters
        network = torch.nn.RNN(case.input_size, case.size, nonlinearity=NONLINEARITIES[case.cell])
        with torch.no_grad():
            network.weight_hh_l0.copy_(torch.tensor(weights["weight_hh"]))
            network.weight_ih_l0.copy_(torch.tensor(weights["weight_ih"]))
            network.bias_ih_l0.copy_(torch.tensor(weights["bias_ih"]))
            network.bias_hh_l0.zero_()
        inputs = torch.from_numpy(inputs)

        @torch.inference_mode()
        def run():
            return network(inputs)[0]

        return run


class OnnxRuntime(Peer):
    """The ONNX operator RNN."""

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

    weights = case.build().parameters
    bias = np.concatenate([weights["bias_ih"], np.zeros_like(weights["bias_ih"])])
    stored = {"W": weights["weight_ih"][None], "R": weights["weight_hh"][None], "B": bias[None]}
    node = helper.make_node(
        "RNN",
        ["X", "W", "R", "B"],
        ["Y"],
        hidden_size=case.size,
        activations=[NONLINEARITIES[case.cell].capitalize()],
    )
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
        self._fastest[case] = min(ways, key=lambda way: _best_seconds(_scan(case, inputs, *way)))

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
    transposed = jnp.asarray(np.ascontiguousarray(case.build().parameters["weight_hh"].T))
    nonlinearity = {"tanh": jnp.tanh, "relu": jax.nn.relu}[NONLINEARITIES[case.cell]]
    start = jnp.zeros((*inputs.shape[1:-1], case.size), inputs.dtype)

    @jax.jit
    def run(inputs, weight_hh, weight_ih, bias):
        def step(h, projected):
            product = h @ weight_hh if order == "h Wᵀ" else (weight_hh @ h.T).T
            h = nonlinearity(product + projected)
            return h, h

        return jax.lax.scan(step, start, inputs @ weight_ih.T + bias, unroll=unroll)[1]

    weight_hh = transposed if order == "h Wᵀ" else weights["weight_hh"]
    compiled = run.lower(inputs, weight_hh, weights["weight_ih"], weights["bias_ih"]).compile()
    return lambda: compiled(inputs, weight_hh, weights["weight_ih"], weights["bias_ih"]).block_until_ready()


def _best_seconds(run, repeats=5):
    run()
    seconds = []
    for _ in range(repeats):
        before = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - before)
    return min(seconds)


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
