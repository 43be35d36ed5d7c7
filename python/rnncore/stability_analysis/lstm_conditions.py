"""The published conditions for an LSTM to forget, with gates, c and peepholes bounded over an invariant box.

They hold for any convex box that the map does not leave; proofs: docs/stability_gated_proofs.md.
"""

import numpy as np

from .condition import Condition
from .functions import value
from .norms import above, row_norm, spectral_radius

SLOPE = 0.25  # the largest of σ


def lstm_conditions(lstm, inputs, box):
    size = lstm.output_size
    h, c = box[:size], box[size:]
    z_i, z_f, z_g, z_o = lstm.arguments.split(lstm.arguments(inputs, h))
    peephole_i, peephole_f, peephole_o = (above(np.abs(w)) for w in (lstm.w_ci, lstm.w_cf, lstm.w_co))
    i, f = (above(value("sigmoid", z + c * w).upper) for z, w in ((z_i, lstm.w_ci), (z_f, lstm.w_cf)))
    o, g = above(value("sigmoid", z_o + c * lstm.w_co).upper), above(value("tanh", z_g).magnitude)
    u_i, u_f, u_g, u_o = (row_norm(weight) for weight in lstm.arguments.split(lstm.arguments.weight_hh))
    largest_c = above(c.magnitude)
    largest_tanh = above(value("tanh", c).magnitude)

    c_by_h = SLOPE * u_f * largest_c + i * u_g + SLOPE * u_i * g
    c_by_c = f + SLOPE * peephole_f * largest_c + SLOPE * peephole_i * g
    h_by_new_c = o + SLOPE * peephole_o * largest_tanh
    h_by_h = h_by_new_c * c_by_h + SLOPE * u_o * largest_tanh
    radius = spectral_radius(c_by_c, c_by_h, h_by_new_c * c_by_c, h_by_h)
    extended = " with peepholes (docs: stability of gated cells)" if lstm.has_peepholes else ""
    return (
        Condition(
            "input-to-state stability: σ_f + σ_o σ_i ‖U_c‖_∞",
            "bounded",
            float((f + o * i * u_g).upper),
            "Bonassi, Terzi, Farina and Scattolini (2020)" + extended,
        ),
        Condition(
            "incremental input-to-state stability: spectral radius of the 2 × 2 matrix of gate norms",
            "incremental",
            float(radius.upper),
            "Terzi, Bonassi, Farina and Scattolini (2021)" + extended,
        ),
    )
