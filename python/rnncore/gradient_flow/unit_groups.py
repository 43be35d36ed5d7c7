"""Groups of a state's components: the layers of a chain, and those the caller names."""

import numpy as np


class UnitGroups:
    """Names, and for each component of the state a label that no two groups share.

    Attributes
    ----------
    names : list of str
    labels : (n,) int32 array or None
        None: all components have label 0.
    count : int
        Labels.
    masks : (groups, n) bool array
    """

    def __init__(self, cell, groups):
        own = {f"layer {index}": part for index, part in _layers(cell)}
        parts = own | _read_groups(cell.state_size, groups, own)
        self.names = list(parts)
        self.masks = np.zeros((len(parts), cell.state_size), bool)
        for mask, units in zip(self.masks, parts.values()):
            mask[units] = True
        # Components of the same groups share a label.
        self._members, labels = np.unique(self.masks, axis=1, return_inverse=True)
        self.labels = labels.reshape(-1).astype(np.int32) if parts else None
        self.count = self._members.shape[1]

    def gather(self, log2_norms):
        """``(total, {name: of the group})`` from norms ``(…, labels)``."""
        of_names = {name: _root_sum(log2_norms[..., members]) for name, members in zip(self.names, self._members)}
        return _root_sum(log2_norms), of_names


def _layers(cell):
    """Index and slice of the layers with a state, where there are several."""
    parts, start = [], 0
    for index, layer in enumerate(cell.layers):
        if layer.state_size:
            parts.append((index, slice(start, start + layer.state_size)))
        start += layer.state_size
    return parts if len(parts) > 1 else []


def _read_groups(size, groups, taken):
    if groups is None:
        return {}
    if not isinstance(groups, dict):
        raise TypeError(f"groups must be a dict of names and indices, got {type(groups).__name__}")
    read, owner = {}, np.full(size, None, object)
    for name, units in groups.items():
        if not isinstance(name, str):
            raise TypeError(f"groups must have strings for names, got {name!r}")
        if name in taken:
            raise ValueError(f"groups: {name!r} is the name of a layer of the chain; choose another")
        try:
            units = np.arange(size)[units if isinstance(units, slice) else list(units)]
        except (IndexError, TypeError) as error:
            raise ValueError(f"groups: {name!r} does not index a state of {size}: {error}") from None
        if units.ndim != 1 or not len(units):
            raise ValueError(f"groups: {name!r} must be indices or a slice of at least one component of the state")
        for unit in units:
            if owner[unit] is not None:
                raise ValueError(f"groups must be disjoint: component {unit} is in {owner[unit]!r} and in {name!r}")
            owner[unit] = name
        read[name] = units
    return read


def _root_sum(log2_norms):
    """log2 of the norm of what has these norms part by part."""
    if log2_norms.shape[-1] == 1:
        return log2_norms[..., 0]
    return np.logaddexp2.reduce(2 * log2_norms, axis=-1) / 2
