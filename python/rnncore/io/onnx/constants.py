"""What can be worked out of a graph without running it: weights behind a few operators, sizes, and who feeds whom."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ...errors import FormatError
from .operators import FOLDED, Undetermined
from .scopes import STANDARD, label

RECURRENT = ("RNN", "LSTM", "GRU")
_BEFORE_STAND_INS = 1007
_FEWEST_ELEMENTS = 1 << 27
_COPIES = 8  # of each array, on its way through the operators


@dataclass(frozen=True, eq=False)
class Computed:
    """A result that depends on the run.

    Attributes
    ----------
    why : str
        What it comes from.
    sizes : tuple of int or None
        Stand-ins where the file does not say.
    layer : tuple (Scope, onnx.NodeProto) or None
        The recurrent node whose outputs these are, every one of them once.
    axes : tuple of {"time", "batch", "unit", None} or None
        What of that node's outputs lies along each axis; None along one of size 1.
    sizes_of : tuple or None
        The result whose sizes these numbers are, where its sizes are not known.
    """

    why: str
    sizes: tuple | None = None
    layer: tuple | None = None
    axes: tuple | None = None
    sizes_of: tuple | None = None

    def with_axes(self, sizes, axes):
        return replace(self, sizes=tuple(sizes), axes=None if axes is None else tuple(axes))


class Evaluator:
    """Values of names: arrays, or :class:`Computed`.

    A size that only the run knows, a batch's say, is replaced by a number of its own, a prime above 1000 that no layer
    is likely to have. So numbers worked out from sizes are plain numbers, and what a graph makes of them (states of
    zeros, shapes to give outputs) is worked out like any other constant.
    """

    def __init__(self, file):
        self.file = file
        self._values = {}  # (scope, name): value
        self._stand_ins, self._last_stand_in = {}, _BEFORE_STAND_INS
        self._elements = _FEWEST_ELEMENTS  # that results may still have

    def value(self, scope, name):
        """The value of a name as seen from a scope; None for the empty name of an argument that is left out."""
        if not name:
            return None
        target = scope.locate(name)
        waiting, opened = [target], set()
        while waiting:  # no recursion: chains of nodes are as long as a file likes
            place = waiting[-1]
            if place is None or place in self._values:
                waiting.pop()
                continue
            missing = [needed for needed in self._needed(*place) if needed not in self._values]
            if missing and place not in opened:
                opened.add(place)
                waiting.extend(missing)
            else:
                self._evaluate(*place)
        return self._known(target, name)

    def _known(self, place, name):
        return self._values.get(place, Computed(f"{name!r}, which nothing computes before it is used"))

    def _needed(self, scope, name):
        node, _ = scope.producers.get(name, (None, 0))
        if node is None or node.domain not in STANDARD:
            return []
        names = node.input[:1] if node.op_type in RECURRENT else node.input if node.op_type in FOLDED else []
        return [place for place in map(scope.locate, filter(None, names)) if place is not None]

    def _evaluate(self, scope, name):
        if name in scope.producers:
            node, index = scope.producers[name]
            if node.domain not in STANDARD:
                results = []
            elif node.op_type in RECURRENT:
                results = [self._outputs(scope, node)]
            else:
                results = self._fold(scope, node)
            for place, result in zip(node.output, results):
                if place:
                    self._values[scope, place] = result
            if index >= len(results):
                self._values[scope, name] = self._computed(scope, name, f"the {node.op_type} {label(node)!r}")
        elif name in scope.tensors:
            array = self._values[scope, name] = self.file.array(scope.tensors[name])
            self._elements += _COPIES * array.size
        else:
            self._values[scope, name] = self._computed(scope, name, f"the input {name!r}")

    def _fold(self, scope, node):
        if node.op_type not in FOLDED:
            return []
        inputs = [self._known(scope.locate(given), given) if given else None for given in node.input]
        try:
            with np.errstate(all="ignore"):
                results = FOLDED[node.op_type](Call(self, scope, node), *inputs)
            results = [value if isinstance(value, Computed) else np.asarray(value) for value in results]
            self._elements -= _allocated(results, inputs)
            self.make_room(0)
            return results
        except FormatError:  # a damaged tensor; a ValueError too
            raise
        except (Undetermined, ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError):
            source = next((value for value in inputs if isinstance(value, Computed)), None)
            why = source.why if source is not None else f"the {node.op_type} {label(node)!r}"
            return [self._computed(scope, name, why) for name in node.output]

    def _computed(self, scope, name, why):
        declared = scope.declared_sizes(name)
        return Computed(why, None if declared is None else self._numbers((scope, name), declared))

    def _outputs(self, scope, node):
        """Y of a recurrent node."""
        why = f"the {node.op_type} {label(node)!r}"
        hidden, layout = scope.attribute(node, "hidden_size"), scope.attribute(node, "layout")
        direction = scope.attribute(node, "direction")
        if hidden is None or (direction is not None and direction.s != b"forward"):
            return self._computed(scope, node.output[0], why)
        batch_first = layout is not None and layout.i == 1
        inputs = self.sizes_of_inputs(scope, node)
        time, batch = (inputs[1], inputs[0]) if batch_first else inputs[:2]
        sizes = (batch, time, 1, hidden.i) if batch_first else (time, 1, batch, hidden.i)
        axes = ("batch", "time", None, "unit") if batch_first else ("time", None, "batch", "unit")
        axes = tuple(None if size == 1 else axis for size, axis in zip(sizes, axes))
        return Computed(why, sizes, (scope, node), axes)

    def sizes_of_inputs(self, scope, node):
        """Of X of a recurrent node: three numbers."""
        place = scope.locate(node.input[0])
        value = self._values.get(place)
        sizes = value.shape if isinstance(value, np.ndarray) else getattr(value, "sizes", None)
        return sizes if sizes is not None and len(sizes) == 3 else self._numbers(place, [None] * 3)

    def _numbers(self, place, declared):
        """The sizes that a file declares, with stand-ins for names and for nothing."""
        return tuple(
            size if isinstance(size, int) else self.stand_in(size or (place, axis))
            for axis, size in enumerate(declared)
        )

    def make_room(self, elements):
        """Before an operator makes that many: files of a few bytes can ask for any number."""
        if elements > self._elements:
            raise Undetermined

    def stand_in(self, key):
        """The number that stands for a size of the run; the same for the same key."""
        if key not in self._stand_ins:
            number = self._last_stand_in + 2
            while any(number % divisor == 0 for divisor in range(3, math.isqrt(number) + 1, 2)):
                number += 2
            self._stand_ins[key] = self._last_stand_in = number
        return self._stand_ins[key]


class Call:
    """A node as its operator sees it."""

    def __init__(self, evaluator, scope, node):
        self._evaluator, self._scope, self._node = evaluator, scope, node

    @property
    def results(self):
        """How many the node has."""
        return len(self._node.output)

    def integer(self, name, default=None):
        attribute = self._scope.attribute(self._node, name)
        return default if attribute is None else attribute.i

    def integers(self, name):
        """A list, or None where the node has no such attribute."""
        attribute = self._scope.attribute(self._node, name)
        return None if attribute is None else list(attribute.ints)

    def attribute(self, name):
        return self._scope.attribute(self._node, name)

    def tensor(self, attribute):
        return self._evaluator.file.array(attribute.t)

    def sizes(self, value, rank):
        """Of a computed value of that rank."""
        if value.sizes is not None:
            return value.sizes
        return self._evaluator._numbers(self._scope.locate(self._node.input[0]), [None] * rank)

    def place(self):
        """What the first input is, wherever it is used."""
        return self._scope.locate(self._node.input[0])

    def stand_in(self, key):
        return self._evaluator.stand_in(key)

    def make_room(self, elements):
        self._evaluator.make_room(elements)


def _allocated(results, inputs):
    """Elements of results that are neither views of inputs nor repetitions."""
    results = [result for result in results if isinstance(result, np.ndarray)]
    inputs = [value for value in inputs if isinstance(value, np.ndarray)]
    return sum(
        math.prod(size for size, stride in zip(result.shape, result.strides) if stride)
        for result in results
        if not any(np.may_share_memory(result, value) for value in inputs)
    )
