"""y_t ← y_t + f_t ⊙ y_{t-1}, one step after the other."""

import numpy as np

from .compilation import kernel
from .product import pad_parts
from .simd import add, borrowed, lanes, load, multiply, multiply_add, store, swap_pairs, zeros


@kernel
def walk_diagonal(factors, first, step, sequence, y, forcing, part, batch, steps):
    """``forcing`` is added where it has elements.

    The factors of step 1 begin at ``first``, those of every further one ``step`` behind, and those of further
    sequences ``sequence``: both 0 where all are the same.
    """
    factors, y, forcing = borrowed(factors), borrowed(y), borrowed(forcing)
    for number in range(steps):
        for b in range(batch):
            before, f = (number * batch + b) * part, first + number * step + b * sequence
            now = before + batch * part
            for i in range(0, part, lanes(y)):
                value = multiply_add(load(factors, f + i), load(y, before + i), load(y, now + i))
                if len(forcing):
                    value = add(value, load(forcing, now + i))
                store(y, now + i, value)


def complex_factors(factors):
    """Complex f as two rows of real factors, padded: with real and imaginary parts in turn, f ⊙ x is the first times
    x and the second times x with the parts of every number exchanged."""
    own = np.stack([factors.real, factors.real], axis=1).reshape(-1)
    other = np.stack([-factors.imag, factors.imag], axis=1).reshape(-1)
    return pad_parts(np.concatenate([own, other]), 2).reshape(2, -1)


@kernel
def walk_complex_diagonal(factors, y, forcing, part, batch, steps):
    """The same for complex numbers, with factors of ``complex_factors`` that are the same at each step."""
    factors, y, forcing = borrowed(factors), borrowed(y), borrowed(forcing)
    for before in range(0, steps * batch * part, part):
        now = before + batch * part
        for i in range(0, part, lanes(y)):
            x = load(y, before + i)
            value = multiply_add(load(factors, i), x, load(y, now + i))
            value = multiply_add(load(factors, part + i), swap_pairs(x), value)
            if len(forcing):
                value = add(value, load(forcing, now + i))
            store(y, now + i, value)


@kernel
def pull_diagonal(factors, first, step, sequence, cuts, carried, y, part, batch, steps):
    """y_t ← y_t + f_{t+1} ⊙ y_{t+1}, from the last step to the first; factors as of ``walk_diagonal``.

    ``carried``: f ⊙ y of the step after, for each sequence; zeros behind a cut.
    """
    factors, cuts, carried, y = borrowed(factors), borrowed(cuts), borrowed(carried), borrowed(y)
    for number in range(steps - 1, -1, -1):
        cut = len(cuts) > 0 and cuts[number]
        for b in range(batch):
            now, f = ((number + 1) * batch + b) * part, first + number * step + b * sequence
            for i in range(0, part, lanes(y)):
                value = add(load(y, now + i), load(carried, b * part + i))
                store(y, now + i, value)
                store(carried, b * part + i, zeros(y) if cut else multiply(load(factors, f + i), value))


@kernel
def pull_complex_diagonal(factors, cuts, carried, y, part, batch, steps):
    """The same for complex numbers, with the conjugates of the factors of ``walk_complex_diagonal``."""
    factors, cuts, carried, y = borrowed(factors), borrowed(cuts), borrowed(carried), borrowed(y)
    for number in range(steps - 1, -1, -1):
        cut = len(cuts) > 0 and cuts[number]
        for sequence in range(0, batch * part, part):
            now = (number + 1) * batch * part + sequence
            for i in range(0, part, lanes(y)):
                value = add(load(y, now + i), load(carried, sequence + i))
                store(y, now + i, value)
                own = multiply(load(factors, i), value)
                turned = multiply_add(load(factors, part + i), swap_pairs(value), own)
                store(carried, sequence + i, zeros(y) if cut else turned)
