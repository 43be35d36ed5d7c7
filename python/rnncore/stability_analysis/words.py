"""The verdicts in plain words."""

import math

import numpy as np


def explain(cell, bounded, incremental, gradients, bound, input_bound):
    return " ".join(
        [_boundedness(cell, bounded, bound, input_bound), _forgetting(incremental), _gradients(gradients, incremental)]
    )


def _boundedness(cell, found, bound, input_bound):
    inputs = "" if not cell.input_size else f" for every input {_within(input_bound)}"
    if found.verdict == "stable":
        if bound is None:
            return f"It stays bounded{inputs}, by a bound that was not computed."
        what = (
            "no output exceeds what its layers allow"
            if not cell.state_size
            else f"from zero no unit exceeds {bound:.4g}"
        )
        return f"It stays bounded{inputs}: {what}."
    if found.verdict == "unstable":
        return "It can grow without bounds: .bounded.witness is a run that does."
    return f"Whether it stays bounded{inputs} was neither proved nor refuted."


def _forgetting(found):
    if found.verdict == "stable":
        return "Two runs under the same input forget where they began" + _pace(found.rate) + "."
    if found.verdict == "unstable":
        return "Two runs under the same input need not come together: see the two of .incremental.witness."
    return "Whether two runs under the same input forget their difference was neither proved nor refuted."


def _gradients(found, incremental):
    if found.verdict == "stable":
        same = found.rate is not None and found.rate == incremental.rate
        return "Gradients vanish along every run" + (" at least as fast." if same else _pace(found.rate) + ".")
    if found.verdict == "unstable":
        return "There are runs along which gradients do not vanish."
    return "Whether gradients vanish along every run was neither proved nor refuted."


def _pace(rate):
    if rate is None:
        return ""
    if rate == 0:
        return " within a fixed number of steps"
    if not rate < 1:
        return ", at no pace that was bounded"
    steps = math.log(0.5) / math.log(rate)
    return f": in the long run what is left halves every {steps:.3g} step{'s' if steps != 1 else ''} or faster"


def _within(input_bound):
    bound = np.unique(np.asarray(input_bound, dtype=float))
    return f"within ±{bound[0]:g}" if len(bound) == 1 else f"within its bound (up to ±{bound[-1]:g})"
