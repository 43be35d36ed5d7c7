"""The parameters that LSTM and GRU share: the rows of their gates one after the other."""

from .base import own, read_dense_parameters


def own_gates(gates, arrays, peepholes):
    """The parameters checked, and their dtype.

    Parameters
    ----------
    gates : str
        The names of the g gates in their order: ``"ifgo"``.
    arrays : dict
        ``weight_hh`` (g n, n), ``weight_ih`` (g n, n_in), ``bias_ih`` and ``bias_hh`` (g n,), some None.
    peepholes : dict
        Vectors (n,), some None.
    """
    if arrays["weight_hh"] is None:
        raise TypeError(f"weight_hh must be a ({len(gates)} n, n) array, got None")
    present, dtype = read_dense_parameters({**arrays, **peepholes})
    size = _count_units(gates, present["weight_hh"])
    owned = {}
    for name, array in present.items():
        if name in peepholes:
            owned[name] = own(name, array, (size,), dtype)
        else:
            _check_rows(gates, name, array, size)
            owned[name] = own(name, array, array.shape, dtype)
    return owned, dtype


def _count_units(gates, weight_hh):
    rows, size = weight_hh.shape if weight_hh.ndim == 2 else (0, 0)
    if size == 0 or rows != len(gates) * size:
        raise ValueError(
            f"weight_hh must have shape ({len(gates)} n, n), n at least 1, gates in the order {', '.join(gates)}; "
            f"got {weight_hh.shape}"
        )
    return size


def _check_rows(gates, name, array, size):
    rows = len(gates) * size
    if array.ndim != (2 if name.startswith("weight") else 1) or array.shape[0] != rows:
        wanted = f"({rows}, n_in)" if name.startswith("weight") else f"({rows},)"
        raise ValueError(
            f"{name} must have shape {wanted}, {len(gates)} n rows for n = {size}, gates in the order "
            f"{', '.join(gates)}; got {array.shape}"
        )
