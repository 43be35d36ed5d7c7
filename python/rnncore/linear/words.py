"""The modes of a recursion in sentences."""

import numpy as np

_ILL_CONDITIONED = 1e4  # a quarter of the digits
_ROUNDING = 1e-6  # of a share
_GROWS = 1.5  # times, from which transient growth is worth a sentence


def explain(modes):
    sentences = [
        _fate(modes),
        _nilpotency(modes),
        _defects(modes),
        _conditioning(modes),
        _growth(modes),
        _shares(modes),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def is_growing(modes):
    """Of each mode: beyond what rounding may make of it."""
    return np.abs(modes.eigenvalues) > 1 + modes.uncertainties


def is_decaying(modes):
    return np.abs(modes.eigenvalues) < 1 - modes.uncertainties


def is_bounded(modes):
    """Whether the powers of W are: no mode grows, and those on the circle are not defective."""
    return not np.any(is_growing(modes) | ~is_decaying(modes) & (modes.indices > 1))


def _fate(modes):
    radius = f"spectral radius {modes.spectral_radius:.6g}"
    if is_growing(modes).any():
        return f"Grows: {radius}; the dominant mode, {_name(modes, 0)}, {_pace(modes, 0)}."
    if is_decaying(modes).all():
        if not modes.eigenvalues.any():
            return ""
        return f"Decays in the end: {radius}; the slowest mode, {_name(modes, 0)}, {_pace(modes, 0)}."
    rim = np.flatnonzero(~is_decaying(modes))
    if is_bounded(modes):
        what = "1 mode that keeps what it holds and adds" if len(rim) == 1 else f"{len(rim)} modes that keep and add"
        return f"Neither decays nor grows: {radius} is 1 to rounding, that of {what} up what comes in."
    order = int(modes.indices[rim].max())
    return f"Grows like {_power(order - 1)}: {radius} is 1 to rounding, and a mode there is defective."


def _nilpotency(modes):
    if modes.eigenvalues.any():
        return ""
    steps = int(modes.indices.max())
    return f"Nilpotent: nothing is left of a state after {_count(steps, 'step')}, to rounding."


def _defects(modes):
    if not modes.is_defective or not modes.eigenvalues[modes.indices > 1].any():
        return ""
    which = np.flatnonzero((modes.indices > 1) & (modes.eigenvalues != 0))
    worst = which[np.argmax(modes.indices[which])]
    order = int(modes.indices[worst])
    return (
        f"W is defective to rounding, {_count(len(which), 'mode')} with fewer eigenvectors than states, and "
        f"W = U Λ U⁻¹ does not exist; {_name(modes, worst)} has a Jordan block of {order} and goes like "
        f"{_power(order - 1)} λ^k."
    )


def _conditioning(modes):
    text = ""
    unclear = np.flatnonzero(modes.indices == 0)
    if len(unclear):
        states = int(modes.multiplicities[unclear].sum())
        text = (
            f"The eigenvalues of {states} states are so badly conditioned that rounding mixes them: take the norms of "
            "powers, not the eigenvalues, for what these do."
        )
    elif modes.eigenvector_condition > _ILL_CONDITIONED and not modes.is_defective:
        text = (
            f"The eigenvectors are nearly dependent (condition {modes.eigenvector_condition:.2g}): modes that are "
            f"{modes.condition_numbers.max():.2g} times as large cancel each other, and mean little by themselves."
        )
    return text


def _growth(modes):
    found = modes.transient
    if not np.isfinite(found.peak) or found.peak < _GROWS:
        return ""
    least = "" if found.exact else "at least "
    text = f"Before it decays a state may grow {least}{found.peak:.4g}-fold, in {_count(found.step, 'step')}"
    if not is_decaying(modes).all():
        text = f"On the way a state may grow {least}{found.peak:.4g}-fold, in {_count(found.step, 'step')}"
    if modes.kreiss > 1:
        text += f"; the pseudospectra give {modes.kreiss:.4g} as a lower bound"
    return text + "."


def _shares(modes):
    if modes.shares is None:
        return ""
    if modes.leading is None:
        return "There is no response to take apart."
    what = "the response to the inputs" if modes.response == "inputs" else "the energy of the impulse responses"
    text = f"The dominant mode makes {_percent(modes.shares[0])} of {what}"
    if modes.leading != 0:
        leading = modes.leading
        text += f"; the largest share is that of {_name(modes, leading)}, {_percent(modes.shares[leading])}"
    if np.any((modes.shares > 1 + _ROUNDING) | (modes.shares < -_ROUNDING)):
        text += " (shares beyond 0 … 100 %: modes cancel each other in part)"
    return text + "."


def _name(modes, mode):
    value = modes.eigenvalues[mode]
    if value.imag == 0:
        return f"λ = {value.real:.6g}"
    sign = "+" if value.imag > 0 else "-"
    return f"λ = {value.real:.6g} {sign} {abs(value.imag):.6g} i"


def _pace(modes, mode):
    constant, period = modes.time_constants[mode], modes.periods[mode]
    text = f"leaves 1/e in {constant:.4g} steps" if constant >= 0 else f"grows e-fold in {-constant:.4g} steps"
    return text + (f", with a period of {period:.4g} steps" if np.isfinite(period) else "")


def _power(exponent):
    return "k" if exponent == 1 else f"k^{exponent}"


def _percent(share):
    return f"{100 * share:.3g} %"


def _count(number, what):
    return f"{number:,} {what}{'' if number == 1 else 's'}"
