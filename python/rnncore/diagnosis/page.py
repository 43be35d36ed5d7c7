"""The words of the page: one list of sections, shown as plain text here and by rich on the command line."""

import math
import textwrap
from typing import NamedTuple

import numpy as np

_LABEL = 26
_WHOLE = 0.9995  # a share that is written as 100 %
_SMALLEST_SHARE = 1e-4
_CANCELS = 4.0  # times the gradient
_WIDTH = 100
_LONGEST_CERTIFICATE = 240  # letters
_LONGEST_WRITTEN = 1e12  # longer times are written with an exponent
_LEAST_DECIMAL = 1e-6  # smaller errors are written with an exponent


class Section(NamedTuple):
    """A heading, rows of label and value, and the one sentence to take away (or None); the topic is its short name."""

    title: str
    rows: list
    finding: str | None
    topic: str = ""


def sections(diagnosis):
    """The page's sections in reading order."""
    return [
        _run(diagnosis.run),
        _forgetting(diagnosis.forgetting),
        *_recall(diagnosis.recall),
        _gradients(diagnosis.gradients, diagnosis.run.steps),
        *[_memory(found, diagnosis) for found in diagnosis.memories],
        _forecast(diagnosis.forecast, diagnosis.no_forecast),
        _boundedness(diagnosis.boundedness, diagnosis.saturation),
        _stability(diagnosis),
        *_recurrences(diagnosis.recurrence),
    ]


def plain_page(diagnosis):
    """The page as text that needs no terminal."""
    lines = []
    for title, rows, finding, _ in sections(diagnosis):
        lines += ["", title.upper()]
        if finding:
            lines += textwrap.wrap(finding, _WIDTH, initial_indent="  ", subsequent_indent="  ")
        for label, value in rows:
            indent = "  " + " " * _LABEL
            lines += textwrap.wrap(value, _WIDTH, initial_indent=f"  {label:<{_LABEL}}", subsequent_indent=indent)
    return "\n".join(lines[1:])


def _run(run):
    rows = [("model", run.model), ("layers", ", ".join(run.layers)), ("series", run.series)]
    if run.sequences > 1:
        rows.append(("sequences side by side", f"{run.sequences:,}"))
    if run.passes > 1:
        rows.append(("series repeated", f"{run.passes:,.4g} times"))
    kernel = run.backend + (f" ({run.instruction_set})" if run.instruction_set else "")
    rows += [
        ("parameters", f"{run.parameters:,}, {run.dtype}"),
        ("backend", f"{kernel}, {run.threads} thread{'s' if run.threads > 1 else ''} allowed"),
        ("speed", f"{_rounded(run.steps_per_second)} steps per second ({1e6 / run.steps_per_second:.3g} µs a step)"),
    ]
    finding = f"{describe_time(run.steps, 'steps')} in {describe_seconds(run.seconds)}"
    return Section("What was run", rows, finding, "run")


def _forgetting(found):
    title = "How fast it forgets its start"
    if found.verdict == "no memory":
        return Section(title, [], found.explanation, "forgetting")
    if found.verdict != "forgets":
        finding = f"{found.verdict.capitalize()}: {found.explanation}"
    elif found.duration is None:
        finding = f"Forgets: {found.explanation}"
    else:
        finding = f"1 % of a difference between two starts remains after {describe_time(found.duration, found.unit)}"
    rows = []
    if found.steps_for_good is not None:
        rows.append(
            ("under 1 % for good", f"after {describe_time(found.duration_for_good, found.unit)}; {found.explanation}")
        )
    elif found.steps is not None:
        rows.append(("first under 1 %", f"after {describe_time(found.duration, found.unit)}, but it came back"))
    if found.time_constant is not None:
        fit = f"fitted from step {found.rate_from:,} to {found.rate_to:,}"
        rows.append(("falls to 1/e in", f"{describe_time(found.time_constant, found.unit)} ({fit})"))
    rows.append(("measured by", "two runs under the same input, one from zero and one from a random state, in float64"))
    return Section(title, rows, finding, "forgetting")


def _recall(found):
    """Two sections; none where neither could be measured."""
    if found.horizon is None and found.capacity is None:
        return
    yield _horizon(found.horizon, found.no_horizon)
    yield _capacity(found.capacity, found.no_capacity)


def _horizon(found, why):
    title = "How long it remembers"
    if found is None:
        return Section(title, [], f"Not measured: {why}", "horizon")
    share = f"{100 * found.threshold:.3g} %"
    if found.steps is None:
        finding = f"{found.verdict.capitalize()}: {found.explanation}"
    else:
        finding = f"At most {share} of a small change of the state remains after {_lag(found.steps, found)}"
    rows = []
    if found.input_curve is not None:
        rows.append(("of a change of the input", f"at most {share} after {_lag(found.input_steps, found)}"))
    low, *_, high = found.steps_of_starts
    rows.append((f"{found.starts} starting points", f"{_lag(low, found)} for one in ten, {_lag(high, found)} for nine"))
    if found.decay is not None:
        rows.append(("by which law", _law(found)))
    return Section(title, rows, finding, "horizon")


def _lag(steps, found):
    return "more than the lags" if steps is None else describe_time(steps * found.interval, found.unit)


def _law(found):
    law = found.decay
    if law.law == "power law":
        value, (low, high), what = law.exponent, law.exponent_interval, "power of the lag"
    else:
        value, (low, high), what = law.rate, law.rate_interval, "nats per step"
    sure = "" if math.isnan(low) else f" (95 %: {low:.3g} … {high:.3g})"
    return f"{law.law}, {value:.3g}{sure} {what}"


def _capacity(found, why):
    title = "How much of the series it holds"
    if found is None:
        return Section(title, [], f"Not measured: {why}", "capacity")
    lags, inputs = len(found.by_lag), found.by_channel.shape[1]
    of = f"the last {lags:,} inputs" if inputs == 1 else f"the last {lags:,} steps of {inputs:,} inputs"
    finding = f"The state holds {found.total:.3g} of {of}, as far as a linear readout can tell"
    known = np.flatnonzero(found.by_lag >= inputs / 2)
    rows = []
    if len(known):
        rows.append(("half of the variance", f"up to {_lag(int(known[-1]) + 1, found)} ago"))
    rows.append(("at most", f"{found.bound:,}, the directions of the state, where inputs are independent in time"))
    return Section(title, rows, finding, "capacity")


def _gradients(found, steps):
    title = "What becomes of a gradient"
    if not found.exponents:
        return Section(title, [], found.explanation.capitalize(), "gradients")
    largest = found.exponents[0]
    if np.isfinite(largest):
        value = f"{_with_error(largest, found.standard_errors[0])} nats per step: {_difference(found)}"
    else:
        value = "-∞: a small difference is wiped out"
    rows = [("largest Lyapunov exponent", value)]
    if len(found.exponents) > 1:
        listed = ", ".join("-∞" if np.isneginf(value) else f"{value:.3g}" for value in found.exponents)
        rows.append((f"the first {len(found.exponents)} exponents", listed))
    if found.rate is not None and np.isfinite(found.rate):
        rows.append(("rate of the gradient", f"{_with_error(found.rate, found.rate_error)} nats per step back"))
    part = "the whole run" if found.steps == steps else f"the first {found.steps:,} steps of the run"
    rows.append(("measured over", f"{part}, in float64; the gradient begins in a random direction of the last state"))
    return Section(title, rows, describe_gradient(found), "gradients")


def describe_gradient(found):
    """The one sentence on what becomes of a gradient."""
    if found.verdict == "cannot say":
        return f"Cannot say: {found.explanation}"
    if found.zero_from is not None:
        return f"A gradient is exactly zero from {describe_time(found.zero_from * found.interval, found.unit)} back on"
    if found.verdict == "are carried":
        return f"A gradient keeps its size, but for a factor 2, over {describe_time(found.steps, 'steps')}"
    change = "loses half" if found.verdict == "vanish" else "doubles"
    return f"A gradient {change} its size every {describe_time(found.factor_two, found.unit)}"


def _difference(found):
    every = found.difference_factor_two
    if every is None or abs(found.exponents[0]) <= 2 * np.nan_to_num(found.standard_errors[0]):
        return "a small difference neither grows nor shrinks for sure"
    change = "halves" if found.exponents[0] < 0 else "doubles"
    return f"a small difference {change} every {describe_time(every, found.unit)}"


_OTHER_WAYS = {"LSTM": "h", "GRU": "the candidate and what the gates see"}


def _memory(found, diagnosis):
    several = len(diagnosis.memories) > 1
    title = "How long the units keep a memory" + (f": layer {found.layer}, {found.cell}" if several else "")
    rows = []
    if found.units > 1:
        shortest, middle, longest = (
            describe_rate(np.quantile(found.rates, q, method="lower"), found) for q in (0, 0.5, 1)
        )
        rows.append(
            (
                f"of the {found.units:,} units",
                f"{shortest} at the shortest, {middle} in the middle, {longest} at the longest",
            )
        )
    if found.shares:
        rows.append(("gradient by gates alone", _carousel(found)))
    rows += [(f"{gate.gate} gates", _gate(gate)) for gate in diagnosis.gates if gate.layer == found.layer]
    part = "the whole run" if found.steps == diagnosis.run.steps else f"the first {found.steps:,} steps of the run"
    rows.append(("measured over", f"{part}, in float64; a time constant is that of the mean logarithm of the gate"))
    return Section(title, rows, describe_memory(found), f"memory-{found.layer}")


def _carousel(found):
    if min(found.shares.values()) > _WHOLE:
        return "all of it, at every lag"
    listed = ", ".join(
        f"{_share(share)} after {describe_time(lag * found.interval, found.unit)}"
        for lag, share in found.shares.items()
    )
    text = f"{listed}; the rest flows through {_OTHER_WAYS.get(found.cell, 'the layers above')}"
    ratio = list(found.ratios.values())[-1]
    if ratio > _CANCELS:
        text += f" and cancels most of it: by the gates alone there would be {ratio:.3g} times as much in the end"
    return text


def describe_memory(found):
    """The one sentence on how long the units of a layer keep a memory."""
    rate = found.rates[found.longest]
    who = "The unit" if found.units == 1 else f"Unit {found.longest}"
    if np.isneginf(rate):
        return "Nothing is kept across the run: every gate was 0 at some step"
    if rate > 0:
        doubling = describe_time(found.interval * np.log(2) / rate, found.unit)
        return f"{who} amplifies its memory: twice its size every {doubling}"
    if rate == 0:
        kept = sum(other == 0 for other in found.rates)
        return f"{who} keeps its memory for ever" if kept == 1 else f"{kept} units keep their memory for ever"
    half = describe_time(-found.interval * np.log(2) / rate, found.unit)
    return f"{who} keeps its memory for {describe_rate(rate, found)} (half-life {half})"


def describe_rate(rate, found):
    """The time constant of a rate in nats per step."""
    if np.isneginf(rate):
        return "nothing"
    if rate == 0:
        return "for ever"
    time = describe_time(found.interval / abs(rate), found.unit)
    return f"growing e times in {time}" if rate > 0 else time


def _gate(gate):
    text = f"{_percent(gate.closed)} of all values below 0.01 (closed), {_percent(gate.open)} above 0.99 (open)"
    if gate.above_one:
        text += f", {_percent(gate.above_one)} above 1"
    always = [(gate.always_closed, "closed"), (gate.always_open, "open")]
    return text + "".join(f"; {count:,} of {gate.units:,} units always {word}" for count, word in always if count)


def _forecast(found, why):
    title = "Forecast on held-back data"
    if found is None:
        return Section(title, [], f"Not measured: {why}", "forecast")
    unit = f" {found.unit}" if found.unit else ""
    better = found.improvement
    if better is None:
        finding = f"Root mean squared error {found.rmse:.3g}{unit}; persistence makes none"
    else:
        finding = (
            f"Root mean squared error {found.rmse:.3g}{unit}, that of persistence {found.persistence_rmse:.3g}{unit}: "
            f"{_percent(round(abs(better), 2))} {'smaller' if better > 0 else 'larger'}"
        )
    what = ", ".join(map(describe_column, found.columns))
    rows = [
        (
            "forecast",
            f"{what}, {describe_time(found.horizon * found.interval, found.time_unit)} ahead",
        ),
        ("held back", f"{found.steps:,} forecasts, from step {found.first_step:,} on"),
        ("persistence", "the present value as the forecast"),
    ]
    return Section(title, rows, finding, "forecast")


def _boundedness(bounds, saturation):
    rows = []
    if bounds.largest is not None:
        rows.append((f"largest |{bounds.quantity}| seen", f"{bounds.largest:.4g}, after step {bounds.largest_step:,}"))
    if bounds.first_half is not None:
        rows.append(
            (
                "typical peak",
                f"{bounds.first_half:.4g} in the first half of the run, then {bounds.second_half:.4g}",
            )
        )
    if len(bounds.largest_of_parts) > 1:
        listed = ", ".join(f"{name} {largest:.4g}" for name, largest in bounds.largest_of_parts.items())
        rows.append(("largest of each part", listed))
    for found in saturation:
        label = "saturated units" + (f", layer {found.layer}" if len(saturation) > 1 else "")
        always = f"; {found.always:,} of {found.units:,} units always" if found.always else ""
        rows.append((label, f"{_percent(found.share)} of all values ({found.criterion}){always}"))
    return Section(f"How the {bounds.quantity} behaves", rows, bounds.verdict.capitalize(), "boundedness")


_PROVED = {"stable": "proved", "unstable": "refuted", "undecided": "neither proved nor refuted"}
_CLAIMS = {"bounded": "stays bounded", "incremental": "forgets its start", "gradients": "gradients vanish"}


def _stability(diagnosis):
    title, report = "What is proved", diagnosis.stability
    if report is None:
        return Section(title, [], f"Nothing: {diagnosis.no_stability}", "stability")
    where = "For all inputs as large as those of the series" if diagnosis.run.passes else "Without input"
    told = "; ".join(f"{_CLAIMS[found.name]}: {_PROVED[found.verdict]}" for found in report.properties)
    rows = [(_CLAIMS[found.name], _certificate(found)) for found in report.properties]
    if report.gradients.certificate == report.incremental.certificate:
        rows[2] = (rows[2][0], f"{_PROVED[report.gradients.verdict]}: by the same")
    if report.bound is not None:
        largest = diagnosis.boundedness.largest
        seen = "" if largest is None else f"; the largest seen is {largest:.4g}"
        rows.insert(1, ("bound from zero", f"no unit exceeds {report.bound:.4g}{seen}"))
    return Section(title, rows, f"{where}: {told}", "stability")


def _certificate(found):
    short = textwrap.shorten(found.certificate, _LONGEST_CERTIFICATE, placeholder=" …")
    return f"{_PROVED[found.verdict]}: {short}" + (f" [{found.source}]" if found.source else "")


def _recurrences(found):
    """One section for each layer."""
    layers = {}
    for matrix in found:
        layers.setdefault(matrix.layer, []).append(matrix)
    for layer, matrices in layers.items():
        where = f" of layer {layer}" if len(layers) > 1 else ""
        if matrices[0].gate is None:
            yield Section(f"The recurrent matrix W{where}", _matrix(matrices[0]), None, f"recurrence-{layer}")
        else:
            rows = [("size", f"{matrices[0].size:,} × {matrices[0].size:,} each")]
            rows += [(matrix.gate, _gate_matrix(matrix)) for matrix in matrices]
            yield Section(f"The recurrent matrices of the gates{where}", rows, None, f"recurrence-{layer}")


def _matrix(found):
    radius = _known(found.spectral_radius)
    if found.leaky_spectral_radius is not None:
        radius += f" (with the leak {found.leaky_spectral_radius:.4g})"
    return [
        ("size", f"{found.size:,} × {found.size:,}, {_percent(found.nonzeros / found.size**2)} nonzero"),
        ("spectral radius", radius),
        ("norms", f"1-norm {found.norm_1:.4g}, 2-norm {_known(found.norm_2)}, ∞-norm {found.norm_inf:.4g}"),
    ]


def _gate_matrix(found):
    return f"2-norm {_known(found.norm_2)}, spectral radius {_known(found.spectral_radius)}"


def _known(value):
    return "the iteration did not converge" if value is None else f"{value:.4g}"


def describe_column(name):
    return f"column {name}" if name.isdecimal() else name


def describe_time(value, unit):
    whole = value >= 100 or float(value).is_integer()
    text = f"{value:,.0f}" if whole and value < _LONGEST_WRITTEN else f"{value:.3g}"
    return f"{text} {unit[:-1] if text == '1' and unit.endswith('s') else unit}"


def describe_seconds(value):
    return f"{1000 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def _rounded(value):
    for size, word in ((1e6, " million"), (1e3, " thousand")):
        if value >= size:
            return f"{value / size:.3g}{word}"
    return f"{value:.3g}"


def _with_error(value, error):
    """Two digits of the error, and as many decimals of the value."""
    if error is None or not error > abs(value) * 1e-6:
        return f"{value:.4g}"
    if error < _LEAST_DECIMAL:
        return f"{value:.3g} ± {error:.2g}"
    decimals = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def _share(share):
    return _percent(share) if share >= _SMALLEST_SHARE else f"under {_percent(_SMALLEST_SHARE)}"


def _percent(share):
    return f"{100 * share:.3g} %"
