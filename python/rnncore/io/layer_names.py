"""The order of the layers that a file's key prefixes name."""

import re

from ..errors import FormatError

_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>\d+)\.")


def order_layers(layers, path):
    """Places ``(prefix, level)`` of the layers in the order in which signals pass them.

    Known arrangements: one layer; ``Sequential``'s numbers; the levels of one ``RNN`` or a numbered list of cells,
    with at most one readout behind them.
    """
    places = list(layers)
    if len(places) == 1:
        return places
    numbered = _in_number_order(places, path)
    if numbered:
        return numbered
    recurrent = [place for place in places if any(name in layers[place] for name in ("weight_hh", "weight_ih"))]
    readouts = [place for place in places if place not in recurrent]
    if len(readouts) > 1:
        listed = ", ".join(repr(f"{prefix}weight") for prefix, _ in readouts)
        raise FormatError(f"{path}: several layers could be the readout: {listed}; keep one")
    if readouts and "embed" in readouts[0][0]:
        raise FormatError(f"{path}: {readouts[0][0]}weight is an embedding, which is not read by this version")
    return _order_recurrent(recurrent, path) + readouts


def _order_recurrent(places, path):
    prefixes = list(dict.fromkeys(prefix for prefix, _ in places))
    if len(prefixes) == 1:
        places = sorted(places, key=lambda place: -1 if place[1] is None else place[1])
        levels = [level for _, level in places]
        if levels not in ([None], list(range(len(levels)))):
            raise FormatError(f"{path}: {prefixes[0]}weight_hh has levels {levels}, expected 0, 1, … without gaps")
        return places
    numbered = _in_number_order(places, path)
    if not numbered:
        listed = ", ".join(repr(f"{prefix}weight_hh") for prefix in prefixes)
        raise FormatError(f"{path}: several recurrent networks: {listed}; keep one")
    return numbered


def _in_number_order(places, path):
    """The places by number where their prefixes differ in nothing else; None where they do."""
    matches = [_NUMBERED.fullmatch(prefix) if level is None else None for prefix, level in places]
    if not all(matches) or len({match["stem"] for match in matches}) > 1:
        return None
    numbers = [int(match["number"]) for match in matches]
    if sorted(numbers) != list(range(len(numbers))):
        missing = next(number for number in range(len(numbers) + 1) if number not in numbers)
        raise FormatError(
            f"{path}: layers {', '.join(map(str, sorted(numbers)))} without layer {missing}: what stands there has no "
            "parameters (an activation, say); number the layers 0, 1, … and name the nonlinearity in the metadata"
        )
    return [place for _, place in sorted(zip(numbers, places))]
