"""Back-propagation through time, exact, in bounded memory."""

from ..progress import progress_reporter
from ..runs import Run
from .arguments import read_request
from .recording import Recording, input_gradients, read_options


def gradients(
    cell,
    inputs,
    cotangent,
    *,
    steps=None,
    state=None,
    at="all",
    wrt=("parameters", "inputs", "state"),
    final_state_cotangent=None,
    truncation=None,
    memory_limit=None,
    checkpoint_path=None,
    out=None,
    check_finite=True,
    raise_nonfinite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """Gradients of a scalar D of a run's outputs: back-propagation through time (Werbos 1990), exact at any length.

    D is known by its cotangents ∂D/∂y_t. With x_t the whole state and A_t its Jacobians, the cotangent of x_t,
    A_{t+1}ᵀ ∂D/∂x_{t+1} + (∂y_t/∂x_t)ᵀ ∂D/∂y_t, is carried from the last step to the first, and the gradients of inputs
    and parameters are taken on the way.

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size) or (T, B, input_size), or None
        As for :func:`rnncore.simulate`. They are read twice: forward and on the way back.
    cotangent : array, (T, output_size) or (T, B, output_size), or None
        ∂D/∂y_t, each by what y_t itself does to D; any layout, a memory map too. (…, output_size) for ``at="last"``.
        None: D is of the final state alone. D is the sum over the sequences of a batch; for a mean divide by B.
    steps : int, optional
        T, where there are no inputs.
    state : array, (state_size,) or (B, state_size), optional
        Where to start; zeros by default.
    at : {"all", "last"}
        Whether D is of every output or of the last one.
    wrt : sequence of str
        Of what gradients are wanted: "inputs", "state", "parameters", or single ones of these by name.
    final_state_cotangent : array, of the final state's shape, optional
        ∂D/∂x_T, by what the final state does to D beside the outputs.
    truncation : int, optional
        Truncated back-propagation: no gradient flows back through the state from one stretch of so many steps to the
        one before it; stretches are counted from the last step, so that the cotangent of y_T goes back through exactly
        so many steps, and others through fewer. :func:`rnncore.truncated_gradients` tells what that loses.
    memory_limit : int or str, optional
        Bytes, or a text such as "500 MB" or "2 GiB", of what the walks take: tapes, checkpoints, converted pieces of
        inputs and cotangents, sums of parameter gradients in float64, work arrays. The arrays of the caller and of the
        result are not counted. The tape of the whole run is kept if that is enough for it; otherwise checkpoints, from
        which steps are walked forward again. By default a quarter of the memory that is free, and 16 MiB at least. The
        result does not depend on it, bit for bit.
    checkpoint_path : path, optional
        A file for checkpoints, if any are needed: they then take disk instead of memory. It must not exist yet, and
        loses its name as soon as it does: nothing is left of it, however the call ends.
    out : array, memory map or path, optional
        Where the gradient of the inputs goes: of their shape and the cell's dtype. A path becomes an .npy file that
        appears when it is whole.
    check_finite : bool
        True: NaN and infinities in inputs, state or cotangents are an error before work starts.
    raise_nonfinite : bool
        True: raise when the state or a gradient leaves the finite numbers, naming the step.
    chunk : int, optional
        Steps between two looks at Ctrl-C and the progress, on the way back in multiples of 256; by default about a
        tenth of a second of work. The result does not depend on it, bit for bit.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.
    progress : bool or callable, optional
        True: a tqdm bar. A function is called as ``progress(steps_done, steps)``: forward, back, and again.

    Returns
    -------
    Gradients
        ``parameters``, ``inputs``, ``state``, ``peak_bytes``, ``recomputed_steps``.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts; a memory limit below the least that would do, which is named.
    NonFiniteError
        The state left the finite numbers, or on the way back a gradient did. ``partial`` is None.
    BackendUnavailable
        The backend asked for cannot run here.
    OSError
        ``out`` cannot be written, or the disk is too small for it or for the checkpoints.

    Notes
    -----
    With checkpoints at about √T of the steps every step is walked forward twice, which is all that is needed until
    memory is smaller than that: T = 10⁷ steps of 64 units in float32 need some MB. Below it the binomial schedule
    (Griewank and Walther 2000) is followed; ``recomputed_steps`` says what it costs.

    Sums over steps are made for 256 steps at a time in the cell's dtype, and of these in float64. ReLU at its kink has
    slope 0. There are no products of a Hessian and a vector: the tangent of a gradient is not implemented.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> cell = rnncore.Linear([[0.5]], [[1.0]])
    >>> found = rnncore.gradients(cell, np.ones((3, 1)), [1.0], at="last")
    >>> found.inputs.ravel(), found.state, found.parameters["weight_hh"]
    (array([0.25, 0.5 , 1.  ]), array([0.125]), array([[2.]]))

    A tape that does not fit is made again, piece by piece, with the same result:

    >>> cell, inputs = rnncore.Elman(np.eye(64) / 2), None
    >>> found = rnncore.gradients(cell, None, np.ones((5000, 64)), steps=5000, memory_limit="1 MB")
    >>> found.peak_bytes < 1e6, found.recomputed_steps < 5000
    (True, True)
    """
    options = read_options(memory_limit, checkpoint_path, raise_nonfinite, chunk, backend, threads)
    run = Run(cell, inputs, steps, state, check_finite)
    request = read_request(
        run, cotangent, at=at, wrt=wrt, final_state_cotangent=final_state_cotangent,
        truncation=truncation, check_finite=check_finite,
    )  # fmt: skip
    recording = Recording(run, request.parameters, options, lasting=False)
    total = 2 * run.steps + recording.recomputed_steps
    with (
        progress_reporter(progress, total, "gradients") as report,
        input_gradients(request, out, run) as rows,
    ):
        recording.go_forward(report)
        return recording.go_back(request, rows, report)
