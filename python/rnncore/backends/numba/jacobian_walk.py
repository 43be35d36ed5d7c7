"""Blocks carried along time by Jacobians, forward or backward: one sequence of a batch after the other."""

import numpy as np
from numba.extending import register_jitable

from .compilation import kernel
from .jacobian_product import apply
from .orthonormalise import normalise, orthonormalise
from .scaling import log2_norms, rescale
from .simd import borrowed


@kernel
def walk_jacobians(
    back, table, weights, starts, indices, matrices, slopes, slope_rows, count, done, steps, start,
    blocks, batch, width, columns, rows, state_rows, first, window, exponents, every, labels, norms,
    interval, pool, lost, components, growth, factors, factor_exponents, frames, factor, work, sums,
):  # fmt: skip
    """``count`` steps of a walk of ``steps``, after ``done`` of them; only a walk forward may be cut.

    Arrays of length 0 are not wanted; without ``growth`` nothing is orthonormalised.

    Parameters
    ----------
    table : array
        The operations of a step, of the Jacobian or its transpose; ``weights``, ``starts``, ``indices`` belong to it.
    slopes : (count · batch · slope_rows,) array
    blocks : (batch · panels · rows · width,) array
        Of each sequence panels of rows: ``state_rows`` of the block, as many for that after a step, work memory.
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
    table, weights, starts, indices = borrowed(table), borrowed(weights), borrowed(starts), borrowed(indices)
    matrices, slopes, blocks, exponents = borrowed(matrices), borrowed(slopes), borrowed(blocks), borrowed(exponents)
    labels, norms, factor, work, sums = (
        borrowed(labels), borrowed(norms), borrowed(factor), borrowed(work), borrowed(sums)
    )  # fmt: skip
    panel, panels, half = rows * width, -(-columns // width), state_rows * width
    for number in range(batch):
        home, sequence = number * panels * panel, first + number
        before, after, hidden = home, home + half, home + 2 * half
        for index in range(count):
            step = count - 1 - index if back else index
            apply(
                table, weights, starts, indices, matrices, step, slopes, (step * batch + number) * slope_rows,
                blocks, before, after, hidden, width, panel, panels,
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
            for offset in range(home, home + panels * panel, panel):
                for i in range(offset, offset + half):
                    blocks[i] = blocks[half + i]


@register_jitable
def _entry(factor, i, j, width, panels):
    return factor[(j // width * panels * width + i) * width + j % width]
