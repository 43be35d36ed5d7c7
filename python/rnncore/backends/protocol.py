"""What a backend is: one way to execute every walk over every cell."""

from typing import Protocol

# Parameter gradients are summed over blocks of so many steps, counted from the run's first.
GRADIENT_BLOCK = 256


class Program(Protocol):
    """A cell made ready by a backend (weights packed, code compiled); knows no time of its own.

    Arrays are C-contiguous, of the cell's dtype unless said otherwise, and already checked. ``S`` steps, ``B``
    sequences, ``n`` the state size, ``k`` columns. Every walk takes

    inputs : (S, B, input_size) array or None
        None: the input is zero throughout.
    steps : int
        S.
    state : (B, n) array
        Before the walk; forward walks leave the state after it there.
    start : int
        Steps done before this call; numbers the steps start + 1 … start + S.
    threads : int

    Jacobians A_t = ∂x_t/∂x_{t-1} are those of the whole state. Blocks of columns ``(B, n, k)`` with exponents
    ``(B, k)``, int64, stand for block · 2**exponent and never overflow; they are changed in place.
    """

    def advance(self, inputs, steps, state, *, start, every, outputs, states, threads):
        """The walk forward.

        Parameters
        ----------
        every : int
            The outputs of the steps whose number ``every`` divides are kept.
        outputs : (kept, B, output_size) array or None
        states : (S, B, n) array or None
            Receives the whole state after each step.
        """

    def multiply(self, inputs, steps, state, block, exponents, *, start, every, norms, threads):
        """The tangent walk: block ← A_{start+S} ⋯ A_{start+1} block.

        Parameters
        ----------
        norms : (kept, B, k) float64 array or None
            Receives log2 of the columns' 2-norms after the steps whose number ``every`` divides.
        """

    def orthonormalise(
        self, inputs, steps, state, block, *, start, interval, pool=1, growth, factors, exponents, frames, threads
    ):
        """The tangent walk with block = Q R after every ``interval`` steps of this call, and at its end.

        block ← the last Q. A column of which no more than its rounding errors remains is annihilated: a zero column
        of Q and on the diagonal of R.

        Parameters
        ----------
        pool : int
        growth : (Q / pool rounded up, B, k) float64 array, Q = S / interval rounded up
            Receives log R_jj, -inf where annihilated, summed over ``pool`` orthonormalisations after each other.
        factors, exponents : (…, B, k, k) array and (…, B, k) int64 array, or None
            Receive R = factor · 2**exponent, an exponent for each column.
        frames : (…, B, n, k) array or None
            Receives each Q.
        """

    def pull_back(self, inputs, steps, state, block, exponents, *, start, labels, groups, norms, threads):
        """The adjoint walk: block ← (A_{start+S} ⋯ A_{start+1})ᵀ block. ``state`` stays as it is.

        Parameters
        ----------
        labels : (n,) int32 array or None
            The group of each component of the state, negative for none; None: one group of all.
        groups : int
        norms : (S, B, groups, k) float64 array or None
            Row s receives log2 of the columns' 2-norms, group by group, once step start + s + 1 has been pulled
            back through.
        """

    def orthonormalise_back(
        self, inputs, steps, state, block, *, start, interval, pool=1, growth, factors, exponents, frames, threads
    ):
        """The adjoint walk with block = Q R after every ``interval`` steps back from the end, and at its end; else as
        :meth:`orthonormalise`. Row 0 of ``growth`` belongs to the last steps. ``state`` stays as it is."""

    def push_forward(
        self, inputs, steps, state, tangent, *, start, input_tangents, forcing, outputs, output_tangents, threads
    ):
        """The tangent walk of one vector under tangents of inputs and of layers, unscaled.

        Parameters
        ----------
        tangent : (B, n) array
            Changed in place.
        input_tangents : (S, B, input_size) array or None
        forcing : (S, B, sum of the layers' sizes) array or None
            Added to the tangent of each layer's new state, or of its output where it has none, layer after layer.
        outputs, output_tangents : (S, B, output_size) arrays
        """

    def tape_bytes(self, width):
        """The most bytes that a tape takes for each step of ``width`` sequences."""

    def block_bytes(self, width):
        """About the most bytes that :meth:`accumulate_gradients` takes beside the tape of ``width`` sequences."""

    def record(self, inputs, steps, state, *, start, outputs, threads):
        """The walk forward, bit for bit as :meth:`advance` does it, and a tape of it: what the way back needs.

        Parameters
        ----------
        outputs : (S, B, output_size) array or None
        """

    def accumulate_gradients(
        self, tape, inputs, steps, cotangent, *,
        start, output_cotangents, cuts, parameters, input_cotangents, threads,
    ):  # fmt: skip
        """The adjoint walk along a tape: back-propagation through its steps. The tape stays as it is.

        Sums over steps and sequences are made for each ``GRADIENT_BLOCK`` of steps by itself, the first beginning with
        the first step of the call, and added from the last block to the first. Where every start is a multiple of it,
        no bit depends on how a run is cut.

        Parameters
        ----------
        tape
            What :meth:`record` returned for these steps.
        cotangent : (B, n) array
            ∂D/∂x_{start+S}, of what comes after these steps; becomes ∂D/∂x_start.
        output_cotangents : (S, B, output_size) array or None
            ∂D/∂y_t of what each step's outputs do by themselves; None: nothing.
        cuts : (S,) bool array or None
            True: nothing flows through the state from this step to those before it.
        parameters : list of dict of str to array
            For each layer, by name, those of its parameters of which the gradient is wanted: float64 or complex128
            arrays of the parameter's shape, (entries,) for a sparse one, to which it is added. "matrices" has the
            cell's dtype and the rows of these steps are set.
        input_cotangents : (S, B, input_size) array or None
            Receives ∂D/∂u_t.
        """


class Backend(Protocol):
    """One of the entries of :mod:`rnncore.backends.selection`."""

    name: str

    def unavailable(self) -> str | None:
        """Why this backend cannot run here; None when it can."""

    def prepare(self, cell) -> Program:
        """Make a cell ready; called once per cell and kept with it."""

    def describe(self) -> dict:
        """What ``show_config()`` tells of it: versions, instruction sets."""
