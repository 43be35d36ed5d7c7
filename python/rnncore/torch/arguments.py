"""What a module is given, checked before work starts."""

import torch
from torch.nn.utils.rnn import PackedSequence

from ..arrays import first_nonfinite

_DTYPES = (torch.float32, torch.float64)


def check_proj_size(proj_size):
    if proj_size != 0:
        raise ValueError(f"proj_size must be 0, there are no projections here; got {proj_size}")


def check_device(device):
    """That a module is to be made on; None is torch's own choice."""
    if device is not None and torch.device(device).type != "cpu":
        raise ValueError(f"device must be the CPU, got {device!r}")


def check_weights(weights):
    """All tensors of a module, by name."""
    (first, weight), *others = weights.items()
    if weight.dtype not in _DTYPES:
        raise TypeError(f"{first} must be torch.float32 or torch.float64, got {weight.dtype}")
    for name, other in others:
        if other.dtype != weight.dtype:
            raise TypeError(f"{name} must have the dtype of {first}, {weight.dtype}; got {other.dtype}")
    for name, tensor in weights.items():
        _check_place(name, tensor)


def check_input(input, size, dtype):
    """A tensor (T, B, n_in), (B, T, n_in) or (T, n_in), or a packed batch."""
    if isinstance(input, PackedSequence):
        name, tensor, shapes = "input.data", input.data, f"(sum of lengths, {size})"
    else:
        name, tensor, shapes = "input", input, f"(T, B, {size}), with batch_first (B, T, {size}), or (T, {size})"
    _check_tensor(name, tensor, dtype)
    dimensions = (2,) if isinstance(input, PackedSequence) else (2, 3)
    if tensor.dim() not in dimensions or tensor.shape[-1] != size:
        raise ValueError(f"{name} must have shape {shapes}, got {tuple(tensor.shape)}")
    _check_finite(name, tensor)


def check_steps(series):
    """What is walked, time first."""
    if len(series) == 0:
        raise ValueError("input must hold at least one step, got none")


def check_states(states, names, shape, dtype):
    """The tensors of hx, by the names that torch's documentation gives them."""
    if len(names) == 1:
        states = (states,)
    elif not (isinstance(states, (tuple, list)) and len(states) == len(names)):
        raise TypeError(f"hx must be a tuple ({', '.join(names)}), got {_describe(states)}")
    for name, state in zip(names, states):
        _check_tensor(name, state, dtype)
        if tuple(state.shape) != shape:
            raise ValueError(f"{name} must have shape {shape}, got {tuple(state.shape)}")
        _check_finite(name, state)


def check_cotangent(of, cotangent):
    """Of a module's outputs or final state; the array that torch hands back for it, or None."""
    if cotangent is not None and first_nonfinite(cotangent, cotangent.dtype) is not None:
        raise ValueError(f"the gradient by the {of} must be finite, got NaN or an infinity from what uses the {of}")


def _check_tensor(name, tensor, dtype):
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a tensor, got {_describe(tensor)}")
    if tensor.dtype != dtype:
        raise TypeError(f"{name} must have the dtype of the weights, {dtype}; got {tensor.dtype}")
    _check_place(name, tensor)


def _check_place(name, tensor):
    if tensor.device.type != "cpu":
        raise ValueError(f"{name} must be in the CPU's memory, got a tensor on {tensor.device}; move it with .cpu()")
    if tensor.layout != torch.strided:
        raise TypeError(f"{name} must be a dense tensor, got layout {tensor.layout}; convert it with .to_dense()")


def _check_finite(name, tensor):
    """In torch's operations, as torch.func hands in tensors without memory of their own."""
    tensor = tensor.detach()
    if tensor.numel() == 0 or torch.isfinite(torch.stack(tensor.aminmax())).all():
        return
    index = tuple((~torch.isfinite(tensor)).nonzero()[0].tolist())
    raise ValueError(f"{name} must be finite, got {tensor[index].item()} at index {index}")


def _describe(value):
    return f"a tuple of {len(value)}" if isinstance(value, tuple) else type(value).__name__
