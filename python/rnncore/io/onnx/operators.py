"""The operators that exporters put between a model's arrays and its recurrent layers.

Each is a function of the node (:class:`constants.Call`) and its inputs, arrays, :class:`constants.Computed` or None,
and gives the list of its results. Whatever an older version of the operator took as an attribute instead of an input is
looked for in both places (https://onnx.ai/onnx/operators). Where the result cannot be known it raises
:class:`Undetermined`, or any error of NumPy's.
"""

import math
from dataclasses import replace

import numpy as np

# TensorProto.DataType
_DTYPES = {
    1: np.float32, 2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16, 6: np.int32, 7: np.int64, 9: np.bool_,
    10: np.float16, 11: np.float64, 12: np.uint32, 13: np.uint64,
}  # fmt: skip


class Undetermined(Exception):
    """It takes a run to know the result."""


def _known(*values):
    """The values, all of them arrays."""
    if not all(isinstance(value, np.ndarray) for value in values):
        raise Undetermined
    return values


def _numbers(value):
    (array,) = _known(value)
    if array.dtype.kind not in "iu":
        raise Undetermined
    return [int(number) for number in array.reshape(-1)]


def _list(call, name, value):
    """A list of integers: an attribute, or else the value of an input; None where there is neither."""
    attribute = call.integers(name)
    return attribute if attribute is not None else None if value is None else _numbers(value)


def _constant(call):
    for name, convert in {
        "value": call.tensor,
        "value_float": lambda attribute: np.float32(attribute.f),
        "value_floats": lambda attribute: np.array(attribute.floats, np.float32),
        "value_int": lambda attribute: np.int64(attribute.i),
        "value_ints": lambda attribute: np.array(attribute.ints, np.int64),
    }.items():
        attribute = call.attribute(name)
        if attribute is not None:
            return [convert(attribute)]
    raise Undetermined


def _identity(call, value):
    return [value]


def _dropout(call, value, ratio=None, training=None):
    if training is not None and _known(training)[0].any():
        raise Undetermined
    return [value]


def _cast(call, value):
    if not isinstance(value, np.ndarray):
        # the same values in another precision: the sizes stay, but it is no longer the layer's output as it was
        return [replace(value, layer=None, axes=None)]
    return [value.astype(_DTYPES[call.integer("to")], copy=False)]


def _shape(call, value):
    start, end = call.integer("start", 0), call.integer("end")
    sizes = value.shape if isinstance(value, np.ndarray) else value.sizes
    if sizes is not None:
        return [np.array(sizes[start:end], np.int64)]
    if start == 0 and end is None:
        return [replace(value, layer=None, axes=None, sizes_of=call.place())]
    if end is not None and 0 <= start < end < 8:
        return [_sizes(call, call.place(), range(start, end))]
    raise Undetermined


def _sizes(call, place, axes):
    return np.array([call.stand_in((place, axis)) for axis in axes], np.int64)


def _size(call, value):
    (shape,) = _shape(call, value)
    return [np.array(math.prod(_numbers(shape)), np.int64)]


def _reshape(call, value, shape=None):
    shape = _list(call, "shape", shape)
    old = value.shape if isinstance(value, np.ndarray) else value.sizes
    if not call.integer("allowzero", 0):
        shape = [old[axis] if size == 0 else size for axis, size in enumerate(shape)]
    if -1 in shape:
        rest = math.prod(size for size in shape if size != -1)
        total = math.prod(old)
        if shape.count(-1) > 1 or rest == 0 or total % rest:
            raise Undetermined
        shape = [total // rest if size == -1 else size for size in shape]
    return [_reshaped(value, shape)]


def _reshaped(value, shape):
    if isinstance(value, np.ndarray):
        return value.reshape(shape)
    if value.layer is None:
        return value.with_axes(shape, None)
    axes = iter([axis for axis, size in zip(value.axes, value.sizes) if size != 1])
    if [size for size in shape if size != 1] != [size for size in value.sizes if size != 1]:
        return replace(value, sizes=tuple(shape), layer=None, axes=None)  # axes are split or merged
    return value.with_axes(shape, [None if size == 1 else next(axes) for size in shape])


def _flatten(call, value):
    sizes = value.shape if isinstance(value, np.ndarray) else value.sizes
    axis = call.integer("axis", 1)
    return [_reshaped(value, [math.prod(sizes[:axis]), math.prod(sizes[axis:])])]


def _squeeze(call, value, axes=None):
    axes = _list(call, "axes", axes)
    if isinstance(value, np.ndarray):
        return [value.squeeze(None if axes is None else tuple(axes))]
    if axes is None:
        gone = {axis for axis, size in enumerate(value.sizes) if size == 1}
    else:
        gone = {range(len(value.sizes))[axis] for axis in axes}
    return [_pick(value, [axis for axis in range(len(value.sizes)) if axis not in gone])]


def _unsqueeze(call, value, axes=None):
    axes = _list(call, "axes", axes)
    if isinstance(value, np.ndarray):
        return [np.expand_dims(value, tuple(axes))]
    rank = len(value.sizes) + len(axes)
    added = {range(rank)[axis] for axis in axes}
    kept = iter(range(len(value.sizes)))
    return [_pick(value, [None if axis in added else next(kept) for axis in range(rank)])]


def _transpose(call, value):
    order = call.integers("perm")
    if isinstance(value, np.ndarray):
        return [value.transpose(order)]
    sizes = call.sizes(value, len(order)) if order is not None else value.sizes
    order = range(len(sizes))[::-1] if order is None else order
    if sorted(order) != list(range(len(sizes))):
        raise Undetermined
    return [_pick(replace(value, sizes=sizes), order)]


def _pick(value, axes):
    """A computed value with these of its axes, None for a new one of size 1."""
    sizes = [1 if axis is None else value.sizes[axis] for axis in axes]
    return value.with_axes(sizes, value.axes and [None if axis is None else value.axes[axis] for axis in axes])


def _concat(call, *values):
    _known(*values)
    call.make_room(sum(value.size for value in values))
    return [np.concatenate(values, call.integer("axis", 1))]


def _slice(call, value, starts=None, ends=None, axes=None, steps=None):
    starts, ends = _list(call, "starts", starts), _list(call, "ends", ends)
    axes = _list(call, "axes", axes) or list(range(len(starts)))
    steps = [1] * len(starts) if steps is None else _numbers(steps)
    if not (len(starts) == len(ends) == len(axes) == len(steps)) or 0 in steps:
        raise Undetermined
    if not isinstance(value, np.ndarray):
        if value.sizes_of is None or not 0 <= starts[0] < ends[0] < 8:
            raise Undetermined
        return [_sizes(call, value.sizes_of, range(starts[0], ends[0], steps[0]))]
    where = [slice(None)] * value.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps):
        where[axis] = slice(start, end, step)
    return [value[tuple(where)]]


def _gather(call, value, indices):
    axis, (indices,) = call.integer("axis", 0), _known(indices)
    if not isinstance(value, np.ndarray):
        if value.sizes_of is None:
            raise Undetermined
        return [_sizes(call, value.sizes_of, _numbers(indices)).reshape(indices.shape)]
    call.make_room(indices.size * math.prod(value.shape[:axis] + value.shape[axis:][1:]))
    return [np.take(value, indices, axis)]


def _split(call, value, split=None):
    (value,), axis = _known(value), call.integer("axis", 0)
    parts = _list(call, "split", split)
    if parts is None:
        length = -(-value.shape[axis] // call.results)
        parts = [length] * (call.results - 1) + [value.shape[axis] - length * (call.results - 1)]
    if sum(parts) != value.shape[axis] or min(parts) < 0:
        raise Undetermined
    return np.split(value, np.cumsum(parts)[:-1], axis)


def _expand(call, value, shape):
    (value,) = _known(value)
    shape = np.broadcast_shapes(value.shape, tuple(_numbers(shape)))
    call.make_room(math.prod(shape))
    return [np.broadcast_to(value, shape)]


def _tile(call, value, repeats):
    (value,), repeats = _known(value), _numbers(repeats)
    if len(repeats) != value.ndim or min(repeats, default=0) < 0:
        raise Undetermined
    call.make_room(value.size * math.prod(repeats))
    return [np.tile(value, repeats)]


def _constant_of_shape(call, shape):
    shape, attribute = _numbers(shape), call.attribute("value")
    value = np.zeros(1, np.float32) if attribute is None else call.tensor(attribute)
    call.make_room(math.prod(shape))
    return [np.broadcast_to(value.reshape(()), shape)]


def _elementwise(function):
    def apply(call, *values):
        _known(*values)
        call.make_room(math.prod(np.broadcast_shapes(*(value.shape for value in values))))
        return [function(*values)]

    return apply


def _divide(dividend, divisor):
    if dividend.dtype.kind == "f":
        return dividend / divisor
    if (dividend < 0).any() or (divisor <= 0).any():
        raise Undetermined
    return dividend // divisor


FOLDED = {
    "Add": _elementwise(np.add),
    "Cast": _cast,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Div": _elementwise(_divide),
    "Dropout": _dropout,
    "Equal": _elementwise(np.equal),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": _identity,
    "Mul": _elementwise(np.multiply),
    "Neg": _elementwise(np.negative),
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Sub": _elementwise(np.subtract),
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _elementwise(np.where),
}
