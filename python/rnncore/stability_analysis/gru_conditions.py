"""The published conditions for a GRU to forget, and that for a reset after the product, over an invariant box.

They hold for any convex box that the map does not leave; proofs: docs/stability_gated_proofs.md.
"""

import numpy as np

from .condition import Condition
from .functions import value
from .norms import above, divided, row_norm

SLOPE = 0.25  # the largest of σ
PUBLISHED = "Bonassi, Farina and Scattolini (2021), arXiv 2011.06806"
OWN = "docs: stability of gated cells, GRU with the reset after the product"


def gru_conditions(gru, inputs, box):
    at = gru.gates(inputs, box)
    r, n = above(at.r.upper), above(at.n.magnitude)
    h, seen = above(box.magnitude), above(at.seen.magnitude)
    least_new = float(np.min(value("sigmoid", -at.z_u).lower))
    u_r, u_u, u_n = (row_norm(weight) for weight in (gru.weight_hr, gru.weight_hu, gru.weight_hn))

    by_candidate = r * u_n + SLOPE * u_r * seen if gru.reset_after else u_n * (r + SLOPE * u_r * h)
    by_update = divided(SLOPE * u_u * (h + n), least_new)
    source = OWN if gru.reset_after else PUBLISHED
    return (
        Condition("input-to-state stability: σ_r ‖U_n‖_∞", "bounded", float((r * u_n).upper), source),
        Condition(
            "incremental input-to-state stability: gate norms",
            "incremental",
            float((by_candidate + by_update).upper),
            source,
        ),
    )
