"""Blocks carried along time by Jacobians, forward or backward: one sequence of a batch after the other."""

import numpy as np
from numba.extending import register_jitable

from .compilation import kernel
from .jacobian_product import apply, apply_transpose
from .orthonormalise import normalise, orthonormalise
from .scaling import log2_norms, rescale
from .simd import borrowed


@kernel
def walk_jacobians(
    back, table, keeps, weights, starts, indices, matrices, slopes, rows, count, done, steps, start,
    blocks, batch, width, columns, state_rows, first, window, exponents, every, labels, norms,
    interval, pool, lost, components, growth, factors, factor_exponents, frames, factor, work, sums,
):  # fmt: skip
    """``count`` steps of a walk of ``steps``, after ``done`` of them; only a walk forward may be cut.

    Arrays of length 0 are not wanted; without ``growth`` nothing is orthonormalised.

    Parameters
    ----------
    slopes : (count · batch · rows,) array
    blocks : (batch · 3 · panels · rows · width,) array
        Of each sequence the block, and the same again twice as work memory.
    first : int
        Which sequence of the following arrays is the first here.
    exponents : (…, columns) int64 array
    labels, components : (state_rows,) int32 arrays
        The group of each row, the component of the state it holds; negative: none.
    norms : (…, …, groups, columns) float64 array
    factor : (panels · lanes · panels · lanes,) array
        R, zeros at first.
    work, sums : (panels · lanes · (lanes + 1),) array, (groups, columns) float64 array
        Work memory.
    """
    table, keeps, weights, starts, indices = (
        borrowed(table), borrowed(keeps), borrowed(weights), borrowed(starts), borrowed(indices)
    )  # fmt: skip
    matrices, slopes, blocks, exponents = borrowed(matrices), borrowed(slopes), borrowed(blocks), borrowed(exponents)
    labels, norms, factor, work, sums = (
        borrowed(labels), borrowed(norms), borrowed(factor), borrowed(work), borrowed(sums)
    )  # fmt: skip
    panel, panels = rows * width, -(-columns // width)
    size = panels * panel
    for number in range(batch):
        home, sequence = number * 3 * size, first + number
        before, after, weighted = home, home + size, home + 2 * size
        for index in range(count):
            step = count - 1 - index if back else index
            slope = (step * batch + number) * rows
            if back:
                apply_transpose(
                    table, keeps, weights, starts, indices, matrices, step, slopes, slope,
                    blocks, before, after, weighted, width, panel, panels,
                )  # fmt: skip
            else:
                apply(
                    table, keeps, weights, starts, indices, matrices, step, slopes, slope,
                    blocks, before, after, width, panel, panels,
                )  # fmt: skip
            before, after = after, before
            rescale(blocks, before, state_rows, width, panel, columns, window, exponents, sequence, work)
            now = start + step + 1 if back else start + done + step + 1
            if len(norms) and now % every == 0:
                row = now // every - start // every - 1
                log2_norms(
                    blocks, before, state_rows, width, panel, columns, exponents, sequence, labels,
                    sums, norms[row, sequence],
                )  # fmt: skip
            passed = done + index + 1
            if len(growth) and (passed % interval == 0 or passed == steps):
                if width == 1:
                    factor[0] = normalise(blocks, before, state_rows)
                else:
                    orthonormalise(blocks, before, state_rows, panel, columns, lost, factor, work)
                row = (passed - 1) // interval
                for j in range(columns):
                    growth[row // pool, sequence, j] += (
                        np.log(np.float64(_entry(factor, j, j, width, panels))) + np.log(2.0) * exponents[sequence, j]
                    )
                if len(factors):
                    for j in range(columns):
                        factor_exponents[row, sequence, j] = exponents[sequence, j]
                        for i in range(columns):
                            factors[row, sequence, i, j] = _entry(factor, i, j, width, panels)
                if len(frames):
                    for i in range(state_rows):
                        if components[i] >= 0:
                            for j in range(columns):
                                value = blocks[before + j // width * panel + i * width + j % width]
                                frames[row, sequence, components[i], j] = value
                for j in range(columns):
                    exponents[sequence, j] = 0
        if before != home:
            for i in range(size):
                blocks[home + i] = blocks[before + i]


@register_jitable
def _entry(factor, i, j, width, panels):
    return factor[(j // width * panels * width + i) * width + j % width]
