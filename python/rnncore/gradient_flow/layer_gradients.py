"""Gradients of deep feed-forward nets, layer by layer: back-propagation (Rumelhart, Hinton and Williams 1986)."""

import numpy as np

from ..arrays import as_real_array, check_finite
from ..backends.reference.nonlinearities import NONLINEARITIES, SLOPES
from ..cells import Cell, Chain, Dense
from ..errors import NonFiniteError
from .concentration import concentration
from .depth import LayerGradients


def layer_gradients(cell, inputs, cotangent):
    """How a gradient changes on its way back through the layers of a deep net.

    By matrix products over all inputs at once, in float64 whatever the cell's dtype, so that a gradient that vanishes
    does not underflow before it is 1e-308.

    Parameters
    ----------
    cell : Dense or Chain of Dense
    inputs : array, (N, input_size) or (input_size,)
        A batch of independent inputs, or a single one.
    cotangent : array, (N, output_size) or (output_size,)
        ∂D/∂outputs: what each input contributes to D, which is the sum over them. For a mean divide by N.

    Returns
    -------
    LayerGradients
        ``neurons`` and ``parameters``, magnitudes by layer for the batch and for each input by itself, and how the
        gradient concentrates in few parameters.

    Raises
    ------
    ValueError, TypeError
        A layer that is not Dense, by its number; shapes that do not fit; NaN or infinities; no inputs.
    NonFiniteError
        An output or a gradient ("tangent") overflowed; ``step`` is the number of the input, counted from 1.

    Notes
    -----
    ReLU at its kink has slope 0.

    Examples
    --------
    >>> import rnncore
    >>> net = rnncore.Chain([rnncore.Dense([[0.5]]), rnncore.Dense([[0.5]]), rnncore.Dense([[1.0]])])
    >>> found = rnncore.layer_gradients(net, [2.0], [1.0])
    >>> found.neuron_norms
    array([[0.5, 1. , 1. ]])
    >>> found.parameters["0.weight"]
    array([[1.]])
    """
    layers = _read_layers(cell)
    x, single = _read_inputs(cell, inputs)
    cotangent = _read_cotangent(cell, cotangent, len(x), single)
    signals, slopes = _forward(layers, x)
    neurons, errors = _backward(layers, slopes, cotangent)
    flat, parameters, single_norms = [], {}, []
    for index, (layer, error, signal) in enumerate(zip(layers, errors, signals)):
        lengths = _norms(signal)
        with np.errstate(over="ignore", invalid="ignore"):
            found = {"weight": error.T @ signal}
            if "bias" in layer.parameters:
                found["bias"] = error.sum(axis=0)
                lengths = np.hypot(lengths, 1)
            # One input's gradient of the weights is the outer product of its error and its signal.
            single_norms.append(_norms(error) * lengths)
        _check_finite(single_norms[-1][:, None], "tangent")
        flat.append(np.concatenate([array.ravel() for array in found.values()]))
        prefix = f"{index}." if isinstance(cell, Chain) else ""
        parameters |= {prefix + name: array for name, array in found.items()}
    sizes = np.array([gradient.size for gradient in flat])
    norms = np.array([_norms(gradient) for gradient in flat])
    return LayerGradients(
        parameters=parameters,
        neurons=tuple(_squeeze(array, single) for array in neurons[1:]),
        inputs=_squeeze(neurons[0], single),
        sizes=sizes,
        norms=norms,
        root_mean_squares=norms / np.sqrt(sizes),
        single_norms=np.stack(single_norms, axis=1),
        neuron_norms=np.stack([_norms(array) for array in neurons[1:]], axis=1),
        concentration=concentration(flat),
    )


def _read_layers(cell):
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a Dense or a Chain of Dense, got {type(cell).__name__}")
    for index, layer in enumerate(cell.layers):
        if not isinstance(layer, Dense):
            raise TypeError(
                f"cell must be a Dense or a Chain of Dense, but layer {index} is {type(layer).__name__}; "
                "for layers with memory there is gradient_norms"
            )
    return cell.layers


def _read_inputs(cell, inputs):
    """``(N, input_size)`` in float64, and whether it was a single input."""
    inputs = as_real_array("inputs", inputs)
    if inputs.ndim not in (1, 2) or inputs.shape[-1] != cell.input_size or not inputs.size:
        raise ValueError(
            f"inputs must have shape ({cell.input_size},) or (N, {cell.input_size}) with N at least 1, "
            f"got {inputs.shape}"
        )
    check_finite("inputs", inputs, np.dtype(np.float64))
    return np.atleast_2d(inputs.astype(np.float64)), inputs.ndim == 1


def _read_cotangent(cell, cotangent, count, single):
    cotangent = as_real_array("cotangent", cotangent)
    expected = (cell.output_size,) if single else (count, cell.output_size)
    if cotangent.shape != expected:
        raise ValueError(f"cotangent must have the outputs' shape {expected}, got {cotangent.shape}")
    check_finite("cotangent", cotangent, np.dtype(np.float64))
    return np.atleast_2d(cotangent.astype(np.float64))


def _forward(layers, signal):
    """What goes into each layer, and each layer's φ'(z)."""
    signals, slopes = [], []
    for layer in layers:
        signals.append(signal)
        with np.errstate(over="ignore", invalid="ignore"):
            z = signal @ layer.parameters["weight"].T.astype(np.float64) + layer.parameters.get("bias", 0)
            signal = NONLINEARITIES[layer.nonlinearity](z)
            slopes.append(SLOPES[layer.nonlinearity](z))
        _check_finite(signal, "output")
    return signals, slopes


def _backward(layers, slopes, cotangent):
    """∂D/∂x and ∂D/∂y_l, and ∂D/∂z_l: ``(N, …)`` each, from the first layer on."""
    neurons, errors = [cotangent], []
    for layer, slope in zip(reversed(layers), reversed(slopes)):
        errors.append(neurons[-1] * slope)
        with np.errstate(over="ignore", invalid="ignore"):
            neurons.append(errors[-1] @ layer.parameters["weight"].astype(np.float64))
        _check_finite(neurons[-1], "tangent")
    return neurons[::-1], errors[::-1]


def _check_finite(array, what):
    """``array`` (N, …), a row for each input."""
    if not np.isfinite(array).all():
        row, unit = np.argwhere(~np.isfinite(array))[0]
        raise NonFiniteError(int(row) + 1, int(unit), what=what)


def _norms(array):
    """2-norms over the last axis, of numbers of any magnitude."""
    largest = np.abs(array).max(axis=-1, keepdims=True)
    scaled = array / np.where(largest > 0, largest, 1)
    with np.errstate(over="ignore"):
        return np.linalg.norm(scaled, axis=-1) * largest[..., 0]


def _squeeze(array, single):
    return array[0] if single else array
