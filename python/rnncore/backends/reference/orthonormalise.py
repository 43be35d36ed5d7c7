"""Gram-Schmidt: V = Q R, diag R ≥ 0."""

import numpy as np


def orthonormalise(block):
    """Q in place of the n × k block; returns R, with zeros on the diagonal where a column had nothing new to say.

    A column of which less remains than its own rounding errors, 4 n eps ‖v‖, is annihilated: its column of Q is 0.
    What is not finite stays so. Twice is enough (Giraud, Langou, Rozložník 2005).
    """
    size, columns = block.shape
    lost = 4 * size * np.finfo(block.dtype).eps
    factor = np.zeros((columns, columns), block.dtype)
    for j in range(columns):
        norm = np.linalg.norm(block[:, j])
        for _ in range(2):
            along = block[:, :j].T @ block[:, j]
            block[:, j] -= block[:, :j] @ along
            factor[:j, j] += along
        rest = np.linalg.norm(block[:, j])
        if rest <= lost * norm < np.inf:
            block[:, j] = 0
        else:
            factor[j, j] = rest
            block[:, j] /= rest
    return factor
