"""What overflows in numba's walks gives infinities and NaN, and no warning of NumPy (pytest makes them errors)."""

import numpy as np

from rnncore import Dense, GatedDiagonal, jvp

HUGE = 3e38


def tangents_of(cell):
    inputs = np.float32([[1.0], [-1.0], [1.0]])
    tangents = {"inputs": np.full_like(inputs, HUGE), "parameters": {"bias": np.float32([HUGE])}}
    return jvp(cell, inputs, tangents, backend="numba")[1][:, 0]


def test_tangents_of_a_dense_layer():
    cell = Dense(np.float32([[HUGE]]), np.float32([0]), nonlinearity="relu")
    np.testing.assert_array_equal(tangents_of(cell), [np.inf, np.nan, np.inf])  # 0 · ∞ where relu is flat


def test_tangents_of_a_gated_memory():
    weights = np.float32([[HUGE]]), np.float32([[HUGE]])
    cell = GatedDiagonal(*weights, np.float32([0]), gate_nonlinearity="identity")
    assert not np.isfinite(tangents_of(cell)).any()
