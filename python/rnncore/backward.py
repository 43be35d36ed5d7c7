"""Walks backward in time: the states they go by, from checkpoints of a pass forward."""

from itertools import pairwise

from .nonfinite import is_finite, nonfinite_error
from .runs import SEGMENT_SECONDS

_CHECKPOINT_BYTES = 1 << 26


def backward_segments(run, program, chunk, report, *, columns=0, kept=0, multiple=1, threads):
    """``(start, stop, state)`` from the last segment to the first; ``state``, (B, n), is that before step start + 1.

    A pass forward keeps the states between segments, of which there are as many as 64 MB hold; where that is not
    every one, the others are walked to again. ``run.state`` is then that after the last step. ``report`` hears of
    each step twice: on the way forward and on the way back.

    Parameters are those of :meth:`Run.segments`; all segments but the first are multiples of ``multiple`` steps.

    Raises
    ------
    NonFiniteError
        From the pass forward.
    """
    most = max(2, _CHECKPOINT_BYTES // max(1, run.state.nbytes))
    edges, kept_states, stride = [0], [], 1
    options = {
        "columns": columns,
        "kept": kept,
        "multiple": multiple,
        "offset": run.steps % multiple,
        # What is timed on the way forward is the run alone; the way back takes longer by its columns.
        "seconds": SEGMENT_SECONDS / (2 + columns),
    }
    for number, (start, stop) in enumerate(run.segments(chunk, report, **options)):
        if number % stride == 0:
            kept_states.append(run.state.copy())
        if len(kept_states) > most:
            kept_states, stride = kept_states[::2], 2 * stride
        before = run.state.copy()
        _advance(run, program, start, stop, run.state, threads)
        if not is_finite(run.state):
            raise nonfinite_error(run, program, start, stop, before, threads=threads)
        edges.append(stop)
    for start, stop, state in _go_back(run, program, edges, kept_states, stride, most, threads):
        yield start, stop, state
        run.release(start, stop)
        report(stop - start)


def _go_back(run, program, edges, states, stride, most, threads):
    """``states`` are those at every ``stride``-th of the ``edges``."""
    for number in reversed(range(len(states))):
        part = edges[number * stride : (number + 1) * stride + 1]
        state = states.pop()
        if len(part) == 2:
            yield *part, state
        elif len(part) > 2:
            finer = -(-(len(part) - 1) // most)
            between = []
            for index, (start, stop) in enumerate(pairwise(part[:-1])):
                if index % finer == 0:
                    between.append(state.copy())
                _advance(run, program, start, stop, state, threads)
                run.release(start, stop)
            if (len(part) - 2) % finer == 0:
                between.append(state)
            yield from _go_back(run, program, part, between, finer, most, threads)


def _advance(run, program, start, stop, state, threads):
    program.advance(
        run.inputs_between(start, stop), stop - start, state,
        start=start, every=1, outputs=None, states=None, threads=threads,
    )  # fmt: skip
