"""Layers in depth: what one does to the inputs of the next, and the verdicts on all as one.

A chain is bounded where each layer is, under inputs as large as the outputs before it may be. Where every layer is
incrementally stable and the layers' maps are Lipschitz on the sets they stay in, so is the chain (cascades of
incrementally input-to-state stable systems: Angeli 2002, proposition 4.7); its Jacobians are block triangular, and
their products shrink with the slowest of the diagonal blocks'.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..cells import DelayLine, Dense
from .fixed_point import constant_inputs
from .interval import Interval, as_interval
from .nonlinear import tighten
from .report import StabilityProperty
from .witness import Witness

CASCADE = "cascades: Angeli 2002, proposition 4.7"
_NARROW = 1e-4  # of a box in which a layer has come to rest
_SETTLING = 10  # calls of tighten


@dataclass(frozen=True, eq=False)
class Rest:
    """All layers so far at a fixed point, under a constant input.

    Attributes
    ----------
    external : array (input_size of the chain,)
    states : tuple of arrays
        Of each layer so far.
    inputs : Interval
        What the next layer gets: the true value lies within.
    """

    external: np.ndarray
    states: tuple
    inputs: Interval


def rests_before_first(inputs):
    return [Rest(point.middle, (), point) for point in constant_inputs(inputs)]


def rests_behind(layer, layer_map, found, rests):
    """Those in which this layer is proved to rest too: it contracts, so that a run from zero ends in a fixed point."""
    following = []
    for rest in rests:
        if isinstance(layer, DelayLine):
            line = Interval.concatenate([rest.inputs] * layer.steps)
            following.append(replace(rest, states=(*rest.states, line.middle), inputs=line))
        elif isinstance(layer, Dense):
            following.append(replace(rest, states=(*rest.states, np.zeros(0)), inputs=layer_map.output_of(rest.inputs)))
        elif found.states is not None and found.incremental.verdict == "stable" and layer_map is not None:
            box = found.states
            for _ in range(_SETTLING):
                box = tighten(layer_map, rest.inputs, box, keep_zero=False)
            if np.all(box.upper - box.lower < _NARROW):
                following.append(Rest(rest.external, (*rest.states, box.middle), layer_map.output(box)))
    return following


def without_resonance(found):
    """Of a linear layer whose inputs are another's outputs: a resonance, which takes inputs of its own, is no proof."""
    changed = {}
    for prop in found.properties:
        witness = prop.witness
        if prop.verdict == "unstable" and witness.angle is not None:
            statement = f"{prop.certificate}; whether the layers before it can send that was not decided"
            changed[prop.name] = StabilityProperty(
                prop.name, "undecided", statement, estimate=prop.estimate, conditions=prop.conditions
            )
    return replace(found, **changed)


def join(cell, findings, rests):
    """The three properties of a chain.

    Parameters
    ----------
    findings : list of LayerFindings
    rests : list of lists of Rest
        For each layer those of the layers before it.
    """
    return tuple(_join_property(cell, [found.properties[k] for found in findings], rests) for k in range(3))


def _join_property(cell, layers, rests):
    if len(layers) == 1:
        return layers[0]
    name = layers[0].name
    for index, found in enumerate(layers):
        if found.verdict == "unstable":
            witness = _of_chain(cell, found.witness, index, rests[index])
            return replace(found, certificate=f"layer {index}: {found.certificate}", witness=witness)
    undecided = next((index for index, found in enumerate(layers) if found.verdict == "undecided"), None)
    if undecided is not None:
        found = layers[undecided]
        return replace(found, certificate=f"layer {undecided}: {found.certificate}")
    rates = [found.rate for found in layers]
    told = "; ".join(f"layer {index}: {found.certificate}" for index, found in enumerate(layers))
    return StabilityProperty(name, "stable", told, CASCADE, None if None in rates else max(rates))


def _of_chain(cell, witness, index, rests):
    """A layer's witness as one of the whole chain: layers below begin where they rest, those above at zero."""
    sizes = [layer.state_size for layer in cell.layers]
    rest = next((rest for rest in rests if np.array_equal(rest.inputs.middle, witness.cycle[0])), None)
    below = np.zeros(sum(sizes[:index])) if rest is None else np.concatenate([np.zeros(0), *rest.states])
    above = np.zeros(sum(sizes[index + 1 :]))
    state = np.concatenate([below, witness.state, above])
    other = None if witness.other_state is None else np.concatenate([below, witness.other_state, above])
    if index == 0:
        return replace(witness, state=state, other_state=other)
    cycle = np.zeros((1, cell.input_size)) if rest is None else rest.external[None]
    return Witness(state, cycle, other_state=other, claim=witness.claim)


def bounds_of_parts(cell, findings):
    """``(largest absolute state or None, the same by named parts)``."""
    if any(found.states is None for found in findings):
        return None, {}
    states = Interval.concatenate([as_interval(np.zeros(0)), *(found.states for found in findings)]).magnitude
    parts = {
        name: float(max(np.abs(part.real).max(initial=0), np.abs(part.imag).max(initial=0)))
        for name, part in cell.split_state(states).items()
    }
    return float(states.max(initial=0.0)), parts
