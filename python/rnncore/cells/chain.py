"""Layers in depth: the outputs of one are the inputs of the next."""

from collections.abc import Iterable
from itertools import pairwise

from .base import Cell, state_slices


class Chain(Cell):
    """Cells one after the other; the state is the concatenation of theirs.

    Parameters
    ----------
    cells : sequence of cells
        At least one; each takes the outputs of the one before it. Chains within chains are flattened.

    Raises
    ------
    ValueError
        No cells, sizes that do not fit (the layers are named), different dtypes.
    TypeError
        Something that is no cell.

    Examples
    --------
    >>> import rnncore
    >>> chain = rnncore.Chain([rnncore.Linear([[0.5]], [[1.0]]), rnncore.Dense([[2.0]])])
    >>> rnncore.simulate(chain, [[1.0], [0.0]]).outputs.ravel()
    array([2., 1.])
    """

    def __init__(self, cells):
        if not isinstance(cells, Iterable):
            raise TypeError(f"cells must be a sequence of cells, got {type(cells).__name__}")
        cells = tuple(cells)
        for index, cell in enumerate(cells):
            if not isinstance(cell, Cell):
                raise TypeError(f"cells[{index}] must be a cell, got {type(cell).__name__}")
        layers = tuple(layer for cell in cells for layer in cell.layers)
        if not layers:
            raise ValueError("cells must hold at least one cell")
        for index, (layer, following) in enumerate(pairwise(layers)):
            if layer.output_size != following.input_size:
                raise ValueError(
                    f"layer {index} ({type(layer).__name__}) has {layer.output_size} outputs but layer {index + 1} "
                    f"({type(following).__name__}) takes {following.input_size} inputs"
                )
            if layer.dtype != following.dtype:
                raise TypeError(
                    f"layer {index} ({type(layer).__name__}) is {layer.dtype} but layer {index + 1} "
                    f"({type(following).__name__}) is {following.dtype}; convert one with .astype"
                )
        self._freeze(
            _layers=layers,
            dtype=layers[0].dtype,
            input_size=layers[0].input_size,
            output_size=layers[-1].output_size,
            state_size=sum(layer.state_size for layer in layers),
        )

    def __reduce__(self):
        return Chain, (self._layers,)

    @property
    def layers(self):
        return self._layers

    @property
    def parameters(self):
        """``{"0.weight_hh": ..., "1.weight": ...}``: each layer's, behind its index."""
        return {f"{i}.{name}": a for i, layer in enumerate(self._layers) for name, a in layer.parameters.items()}

    def _state_parts(self, state):
        parts = {}
        for index, (layer, own) in enumerate(zip(self._layers, state_slices(self._layers))):
            parts.update({f"{index}.{name}": part for name, part in layer.split_state(state[..., own]).items()})
        return parts

    def replace(self, **parameters):
        """A copy with some parameters changed: ``chain.replace(**{"0.weight_hh": matrix})``."""
        changes = [{} for _ in self._layers]
        for name, value in parameters.items():
            index, _, parameter = name.partition(".")
            if not (index.isdecimal() and int(index) < len(changes) and parameter):
                raise TypeError(f"Chain has no parameter {name!r}; it has {', '.join(self.parameters)}")
            changes[int(index)][parameter] = value
        return Chain([layer.replace(**change) if change else layer for layer, change in zip(self._layers, changes)])

    def astype(self, dtype):
        """A copy with every layer in float32 or float64."""
        return Chain([layer.astype(dtype) for layer in self._layers])

    def __repr__(self):
        return "Chain([" + ", ".join(map(repr, self._layers)) + "])"
