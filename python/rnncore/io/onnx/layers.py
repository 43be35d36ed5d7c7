"""Which recurrent layers of a file are read."""

from collections import Counter
from itertools import pairwise

import numpy as np

from ...cells import Chain
from ...errors import FormatError
from .cells import Layer
from .constants import RECURRENT, Evaluator
from .files import File
from .scopes import STANDARD, walk

_MOST_LISTED = 40
_MOST_OPERATORS = 12


def read_onnx(path, layer=None):
    """``(cell, about, source, state)`` of the recurrent layers of an .onnx file.

    Parameters
    ----------
    path : str
    layer : str, list of str, or None
        As for :func:`rnncore.load`.
    """
    file = File(path)
    scopes = walk(file.model, path)
    layers = find_layers(file, scopes)
    if not layers:
        raise FormatError(f"{path}: no RNN, LSTM or GRU in this graph; {_describe_operators(scopes)}")
    chosen = _choose(layers, path) if layer is None else _pick(layers, layer, path)
    cells, states, notes = [], [], {}
    for one in chosen:
        cell, state, unknown = one.cell()
        cells.append(cell)
        states.append(state)
        notes.update({f"{one.name}: {name}" if len(chosen) > 1 else name: text for name, text in unknown.items()})
    about = {str(entry.key): str(entry.value) for entry in file.model.metadata_props} | notes
    source = f"{path}: {', '.join(map(str, chosen))}"
    return _chain(cells, chosen, path), about, source, _join(states, cells, path)


def find_layers(file, scopes):
    """Every recurrent node, with a name that no other has."""
    evaluator = Evaluator(file)
    layers = [
        Layer(evaluator, scope, node)
        for scope in scopes
        for node in scope.nodes
        if node.op_type in RECURRENT and node.domain in STANDARD
    ]
    shared = {name for name, count in Counter(layer.name for layer in layers).items() if count > 1}
    taken = Counter()
    for layer in layers:
        if layer.name in shared:
            layer.name = "/".join((*layer.scope.path, layer.name))
            taken[layer.name] += 1
            if taken[layer.name] > 1:
                layer.name += f"#{taken[layer.name]}"
    return layers


def _choose(layers, path):
    """The only layer, or the only stack of layers; one that stands in several branches alike counts once."""
    if len(layers) == 1:
        return layers
    stack = _stack(layers)
    if stack is not None:
        return stack
    if _are_alike(layers):
        return layers[:1]
    raise FormatError(f"{path}: {len(layers)} recurrent layers; choose one with layer= (--layer): {_list(layers)}")


def _pick(layers, wanted, path):
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if not (isinstance(wanted, (list, tuple)) and all(isinstance(name, str) for name in wanted)):
        raise TypeError(f"layer must be a name or a list of names, got {wanted!r}")
    by_name = {layer.name: layer for layer in layers}
    for name in wanted:
        if name not in by_name:
            raise ValueError(f"layer must be among those of {path}, got {name!r}: {_list(layers)}")
    chosen = [by_name[name] for name in wanted]
    if not chosen:
        raise ValueError(f"layer names no layer; {path} has {_list(layers)}")
    for before, after in pairwise(chosen):
        if not _follows(after, before):
            raise ValueError(f"layer {after.name!r} does not directly take the outputs of {before.name!r} in {path}")
    return chosen


def _follows(layer, before):
    source = layer.predecessor()
    return source is not None and source[0] is before.scope and source[1] is before.node


def _stack(layers):
    """All layers in order where each but the first takes the outputs of the one before it; else None."""
    places = {(layer.scope, id(layer.node)): layer for layer in layers}
    followers, first = {}, []
    for layer in layers:
        source = layer.predecessor()
        before = None if source is None else places.get((source[0], id(source[1])))
        if before is None:
            first.append(layer)
        elif before in followers:
            return None
        else:
            followers[before] = layer
    if len(first) != 1:
        return None
    stack = first
    while stack[-1] in followers:
        stack.append(followers[stack[-1]])
    return stack if len(stack) == len(layers) else None


def _are_alike(layers):
    """Whether it does not matter which is taken: exporters write a layer into both branches of an If."""
    try:
        first, start, _ = layers[0].cell()
        for layer in layers[1:]:
            cell, state, _ = layer.cell()
            if type(cell) is not type(first) or cell.options != first.options:
                return False
            pairs = [(cell.parameters.get(name), array) for name, array in first.parameters.items()]
            if len(cell.parameters) != len(pairs) or not all(
                np.array_equal(*pair) for pair in [*pairs, (state, start)]
            ):
                return False
    except FormatError:
        return False
    return True


def _list(layers):
    shown = layers[:_MOST_LISTED]
    sizes = [layer.sizes() for layer in shown]
    details = [
        ", ".join(filter(None, [size, "" if layer.direction() == "forward" else layer.direction()]))
        for layer, size in zip(shown, sizes)
    ]
    listed = ", ".join(f"{layer}" + (f" ({text})" if text else "") for layer, text in zip(shown, details))
    return listed + (f", and {len(layers) - len(shown)} more" if len(layers) > len(shown) else "")


def _describe_operators(scopes):
    counts = Counter(
        node.op_type if node.domain in STANDARD else f"{node.domain}.{node.op_type}"
        for scope in scopes
        for node in scope.nodes
        if node.op_type != "Constant"
    )
    if not counts:
        return "it has no operators"
    listed = ", ".join(name if n == 1 else f"{name} ({n})" for name, n in counts.most_common(_MOST_OPERATORS))
    more = f" and {len(counts) - _MOST_OPERATORS} other kinds" if len(counts) > _MOST_OPERATORS else ""
    return f"its operators are {listed}{more} (a recurrence that is written out in other operators is not read)"


def _chain(cells, chosen, path):
    if len(cells) == 1:
        return cells[0]
    try:
        return Chain(cells)
    except (ValueError, TypeError) as error:
        raise FormatError(f"{path}: the layers {', '.join(map(str, chosen))}: {error}") from None


def _join(states, cells, path):
    """The layers' states side by side; None where all are zero."""
    if all(state is None for state in states):
        return None
    parts = [np.zeros(cell.state_size, cell.dtype) if state is None else state for state, cell in zip(states, cells)]
    widths = {len(part) for part in parts if part.ndim == 2}
    if len(widths) > 1:
        raise FormatError(f"{path}: the initial states of its layers are for batches of {sorted(widths)} sequences")
    lead = tuple(widths)
    return np.concatenate([np.broadcast_to(part, (*lead, part.shape[-1])) for part in parts], axis=-1)
