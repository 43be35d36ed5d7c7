"""One run of a cell along time, checked: its input, its state, and the segments it is walked in."""

import time

import numpy as np

from .arrays import as_count, as_flag, as_real_array, check_finite
from .cells import Cell, MatrixSequence
from .memory_maps import release

# A segment is what a backend walks between two looks at Ctrl-C and the progress bar.
SEGMENT_SECONDS = 0.1
_SEGMENT_BYTES = 1 << 24
_FIRST_SEGMENT_OPERATIONS = 1 << 22


class Run:
    """The arguments that every walk shares, checked before work starts.

    Attributes
    ----------
    steps : int
    batch : int or None
        None for a single sequence.
    state : (B, state_size) array
        The run's own copy, B = 1 for a single sequence.
    shares_inputs, shares_state : bool
        Whether the sequences of a batch were given one series, one state.
    """

    def __init__(self, cell, inputs, steps, state, finite):
        if not isinstance(cell, Cell):
            raise TypeError(f"cell must be a cell such as rnncore.Elman, got {type(cell).__name__}")
        finite = as_flag("check_finite", finite)
        self.cell = cell
        self.inputs = None if inputs is None else _read_inputs(cell, inputs)
        self.steps = _count_steps(cell, self.inputs, steps)
        state = None if state is None else _read_state(cell, state)
        self.batch = _agree_on_batch(self.inputs, state)
        if finite and state is not None:
            check_finite("state", state, cell.dtype)
        if finite and self.inputs is not None:
            check_finite("inputs", self.inputs, cell.dtype, "; check_finite=False lets it through")
        self.state = _own_state(cell, state, self.batch)
        self.shares_inputs = self.batch is not None and self.inputs is not None and self.inputs.ndim == 2
        self.shares_state = self.batch is not None and state is not None and state.ndim == 1

    @property
    def lead(self):
        """The axes between time and units: ``()`` or ``(B,)``."""
        return () if self.batch is None else (self.batch,)

    @property
    def width(self):
        """Sequences side by side."""
        return len(self.state)

    def directions(self, k=None):
        """``k`` checked: how many directions of the state to follow, all of them where it is None."""
        size = self.cell.state_size
        if size == 0:
            raise ValueError("the cell has no state: there are no Jacobians to multiply")
        if k is None:
            return size
        k = as_count("k", k, 1)
        if k > size:
            raise ValueError(f"k must be at most the state size, {size}, got {k}")
        return k

    def inputs_between(self, start, stop):
        """``(S, B, input_size)``, C-contiguous and of the cell's dtype, or None; a view where that serves."""
        if self.inputs is None or self.cell.input_size == 0:
            return None
        part = self.inputs[start:stop]
        if part.ndim == 2:
            part = part[:, None]
        if part.shape[1] != self.width:
            part = np.broadcast_to(part, (len(part), self.width, part.shape[2]))
        with np.errstate(over="ignore", invalid="ignore"):
            return np.require(part, self.cell.dtype, ("C_CONTIGUOUS", "ALIGNED"))

    def segments(self, chunk, report, *, start=0, **options):
        """``(start, stop)`` pairs covering the run after ``start`` steps, at a pace of these ``options``."""
        return self.pace(chunk, **options).segments(start, self.steps, report)

    def pace(
        self, chunk, *, columns=0, kept=0, multiple=1, offset=0, seconds=SEGMENT_SECONDS, most_bytes=_SEGMENT_BYTES
    ):
        """A :class:`Pace`: segments of ``chunk`` steps or a tenth of a second of work, some MB at most.

        Parameters
        ----------
        chunk : int or None
        columns : int
            Of the block that is walked along: they make a step 1 + columns times the work.
        kept : int
            Numbers the caller keeps of each step and sequence.
        multiple, offset : int
            Segments end at offset, offset + multiple, … or at the end of what they cover.
        seconds : float
            What a segment may take between two steps of the iterator.
        most_bytes : int
            What a segment may read and keep.
        """
        sizes = self.cell.input_size + self.cell.output_size + self.cell.state_size
        operations = (64 + sizes + sum(array.size for array in self._weights())) * max(1, self.width) * (1 + columns)
        read = sum(series[:1].nbytes for series in self._series())
        held = read + self.width * (sizes + kept) * self.cell.dtype.itemsize
        most = max(1, most_bytes // max(1, held))
        first = min(most, chunk or max(1, _FIRST_SEGMENT_OPERATIONS // operations))
        return Pace(self, first, most, multiple, offset, None if chunk else seconds)

    def release(self, start, stop):
        """Give back the memory-mapped pages that these steps have read."""
        for series in self._series():
            release(series[start:stop])

    def _series(self):
        """The arrays of which every step reads a row of its own."""
        matrices = [layer.matrices for layer in self.cell.layers if isinstance(layer, MatrixSequence)]
        return matrices if self.inputs is None else [self.inputs, *matrices]

    def _weights(self):
        """The parameters that one step reads."""
        for layer in self.cell.layers:
            for array in layer.parameters.values():
                yield array[:1] if isinstance(layer, MatrixSequence) else array


class Pace:
    """How many steps a backend walks at once: learnt from how long they take, and never changing a result."""

    def __init__(self, run, length, most, multiple, offset, seconds):
        self.run, self.length, self.most = run, length, most
        self.multiple, self.offset, self.seconds = multiple, offset, seconds

    def segments(self, start, stop, report):
        """``(start, stop)`` pairs from ``start`` to ``stop`` steps.

        ``report`` hears of the steps of each once it is done, and memory-mapped pages that it has read are given back.
        """
        while start < stop and self.run.width:
            whole = max(self.multiple, self.length // self.multiple * self.multiple)
            end = min(stop, start + whole - (start - self.offset) % self.multiple)
            before = time.perf_counter()
            yield start, end
            elapsed = time.perf_counter() - before
            self.run.release(start, end)
            report(end - start)
            if self.seconds is not None and elapsed < self.seconds / 2:
                self.length = min(self.most, 2 * self.length)
            elif self.seconds is not None and elapsed > self.seconds:
                self.length = max(1, self.length // 2)
            start = end


def _read_inputs(cell, inputs):
    inputs = as_real_array("inputs", inputs)
    if inputs.ndim not in (2, 3):
        hint = f"; a single series of T values is inputs[:, None], (T, {cell.input_size})" if inputs.ndim == 1 else ""
        raise ValueError(
            f"inputs must have shape (T, {cell.input_size}) or (T, B, {cell.input_size}), got {inputs.shape}{hint}"
        )
    if inputs.shape[-1] != cell.input_size:
        takes = f"{cell.input_size} values a step" if cell.input_size else "no input: give steps= instead"
        raise ValueError(f"inputs have a last axis of {inputs.shape[-1]}, but the cell takes {takes}")
    return inputs


def _count_steps(cell, inputs, steps):
    limits = [len(layer.matrices) for layer in cell.layers if isinstance(layer, MatrixSequence)]
    if steps is None and inputs is None:
        if not limits:
            raise ValueError("steps is missing: give inputs, or steps= for a run without input")
        return min(limits)
    if steps is not None:
        steps = as_count("steps", steps, 0)
        if inputs is not None and steps != len(inputs):
            raise ValueError(f"steps is {steps} but inputs hold {len(inputs)} steps; give one of the two")
    else:
        steps = len(inputs)
    if limits and steps > min(limits):
        raise ValueError(f"steps is {steps} but the cell has matrices for {min(limits)} steps")
    return steps


def _read_state(cell, state):
    state = as_real_array("state", state)
    if state.ndim not in (1, 2) or state.shape[-1] != cell.state_size:
        raise ValueError(f"state must have shape ({cell.state_size},) or (B, {cell.state_size}), got {state.shape}")
    return state


def _agree_on_batch(inputs, state):
    batch = inputs.shape[1] if inputs is not None and inputs.ndim == 3 else None
    if state is not None and state.ndim == 2:
        if batch is not None and batch != len(state):
            raise ValueError(f"state holds {len(state)} sequences but inputs hold {batch}")
        batch = len(state)
    return batch


def _own_state(cell, state, batch):
    own = np.zeros((1 if batch is None else batch, cell.state_size), cell.dtype)
    if state is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            own[...] = state
    return own
