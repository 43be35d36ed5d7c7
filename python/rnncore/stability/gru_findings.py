"""Verdicts on GRU layers, which always have a box that every run enters."""

from .gru import GruMap
from .nonlinear import judge


def gru_layer(layer, inputs, candidates=None):
    """LayerFindings of a GRU layer.

    Parameters
    ----------
    candidates : list of Interval (n_in,), optional
        Constant inputs that are possible; None: all of the box.
    """
    gru = GruMap(layer)
    return judge(gru, inputs, gru.attracting_box(inputs), candidates=candidates)
