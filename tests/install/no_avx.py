"""Run on a processor without AVX: the native backend picks x86_v2, agrees with the reference, and refuses the rest."""

import os

import numpy as np

import rnncore
from rnncore.configuration import configuration


def main():
    native = configuration()["backends"]["native"]
    assert native["works"], native["reason"]
    assert native["target"] == "x86_v2", native["target"]
    assert [target["name"] for target in native["targets"] if target["supported"]] == ["x86_v2"], native["targets"]
    rng = np.random.default_rng(0)
    for dtype, tolerance in (("float32", 1e-5), ("float64", 1e-13)):
        for nonlinearity in ("identity", "tanh", "relu", "sigmoid", "elu", "softplus"):
            weights = rng.uniform(-0.1, 0.1, (37, 37)).astype(dtype), rng.normal(size=(37, 5)).astype(dtype)
            cell = rnncore.Elman(*weights, nonlinearity=nonlinearity, leak=0.5)
            inputs = rng.normal(size=(50, 3, 5))
            outputs = rnncore.simulate(cell, inputs, backend="native").outputs
            true = rnncore.simulate(cell, inputs, backend="reference").outputs
            np.testing.assert_allclose(outputs, true, rtol=tolerance, atol=tolerance, err_msg=nonlinearity)
    os.environ["RNNCORE_TARGET"] = "x86_v3"
    try:
        rnncore.simulate(rnncore.Linear([[0.5]]), steps=1, backend="native")
    except (RuntimeError, ValueError) as error:
        print(f"as it should be: {error}")
    else:
        raise AssertionError("x86_v3 ran on a processor without AVX")
    rnncore.show_config()


if __name__ == "__main__":
    main()
