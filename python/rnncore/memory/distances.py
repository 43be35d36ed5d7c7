"""Lengths of differences between states."""

import numpy as np


def lengths(vectors):
    """Euclidean, over the last axis, in float64; neither overflow nor underflow, so that zero means zero."""
    with np.errstate(all="ignore"):
        vectors = np.asarray(vectors, np.float64)
        scale = np.abs(vectors).max(axis=-1, initial=0)
        return scale * np.linalg.norm(vectors / np.where(scale > 0, scale, 1)[..., None], axis=-1)
