"""The page itself: verdicts, figures, numbers, and what was run."""

import base64
import hashlib
import json
import re
from datetime import datetime
from importlib import resources

from ...figures.panels import panels
from ...markup import escape
from ..page import describe_seconds, sections
from .drawings import draw
from .tables import named_values, number_table, prose

_LAYERS = 3  # whose figures are drawn, so that a page of a deep chain stays small


def html_page(diagnosis, *, command=None):
    """The diagnosis as the text of one HTML file."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("a page with figures needs matplotlib: pip install 'rnncore[report]'") from None
    told = sections(diagnosis)
    topics = [section.topic or _as_identifier(section.title) for section in told]
    drawings = _draw(diagnosis, dict(zip(topics, told)))
    style, script = (
        (resources.files(__package__) / name).read_text(encoding="utf-8") for name in ("style.css", "script.js")
    )
    run = diagnosis.run
    title = f"{run.model} · {run.series}"
    parts = [
        _verdicts(told, topics),
        _figures(drawings, diagnosis),
        _numbers(told, topics),
        _circumstances(told, topics, diagnosis.provenance, command),
    ]
    return _DOCUMENT.format(
        policy=_policy(script),
        title=escape(f"Diagnosis of {title}"),
        style=style,
        model=escape(run.model),
        series=escape(f"under {run.series}" if run.passes else "without input"),
        found=escape(next((section.finding for section in told if section.topic == "run"), "")),
        parts="\n".join(parts),
        version=escape(diagnosis.provenance.versions["rnncore"]),
        started=escape(diagnosis.provenance.started),
        date=_date(diagnosis.provenance),
        places=_as_data({drawing.identifier: drawing.places for drawing in drawings}),
        script=script,
    )


_DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="rnncore {version}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the verdicts</a>
<header>
<p class="kind">Diagnosis by rnncore</p>
<h1>{model}</h1>
<p class="series">{series}</p>
<p class="run">{found} <span>·</span> <time datetime="{started}">{date}</time></p>
<button type="button" id="theme" hidden>Dark theme</button>
</header>
<nav aria-label="Parts of the page">
<ul>
<li><a href="#verdicts">Verdicts</a></li>
<li><a href="#figures">Figures</a></li>
<li><a href="#numbers">Numbers</a></li>
<li><a href="#run">What was run</a></li>
</ul>
</nav>
<main id="main" tabindex="-1">
{parts}
</main>
<footer>
<p>Made by rnncore {version}, {date}. This file needs no network.</p>
</footer>
<p id="status" class="unseen" role="status"></p>
<script type="application/json" id="places">{places}</script>
<script>{script}</script>
</body>
</html>
"""


def _draw(diagnosis, told):
    drawings = []
    for number, row in enumerate(panels(diagnosis, _LAYERS)):
        drawings += [draw(panel, _sentence(panel, told[panel.topic]), spacious=number == 0) for panel in row]
    return drawings


def _sentence(panel, section):
    """What the page says of what the panel shows."""
    if not panel.labels:
        return section.finding or ""
    rows = dict(section.rows)
    return ". ".join(f"{label[:1].upper()}{label[1:]}: {rows[label]}" for label in panel.labels)


def _verdicts(told, topics):
    items = [
        f'<li><h3><a href="#{topic}">{escape(section.title)}</a></h3><p>{prose(section.finding)}</p></li>'
        for section, topic in zip(told, topics)
        if section.finding and topic != "run"
    ]
    return _part("verdicts", "Verdicts", f'<ul class="verdicts">{"".join(items)}</ul>')


def _figures(drawings, diagnosis):
    layers = max(len(diagnosis.memories), len(diagnosis.saturation), sum(m.gate is None for m in diagnosis.recurrence))
    note = f"<p>Of {layers} layers the first {_LAYERS} are drawn.</p>" if layers > _LAYERS else ""
    note += '<p class="hint" hidden>Point at a figure, or move the slider below it, to read its values.</p>'
    figures = "\n".join(_figure(drawing, spacious=number == 0) for number, drawing in enumerate(drawings))
    return _part("figures", "Figures", f'{note}<div class="figures">{figures}</div>')


def _figure(drawing, spacious):
    identifier = f"figure-{drawing.identifier}"
    notes = [drawing.sentence] if drawing.sentence else []
    if drawing.thinned:
        notes.append(
            f"Drawn thinned: of {drawing.thinned:,} points the smallest and the largest in each column of the picture"
        )
    caption = prose(". ".join(note.rstrip(".") for note in notes) + ".") if notes else ""
    values = "" if drawing.readings is None else _values(drawing, identifier)
    return (
        f'<figure id="{identifier}" aria-labelledby="{identifier}-title"{" class=spacious" if spacious else ""}>'
        f'<h3 id="{identifier}-title">{escape(drawing.title)}</h3>'
        f'{_legend(drawing)}<div class="plot" data-places="{escape(drawing.identifier)}">'
        f"{drawing.pictures['wide']}{drawing.pictures['narrow']}</div>"
        f"<figcaption>{caption}</figcaption>{values}</figure>"
    )


def _legend(drawing):
    """The names beside their colours; the script puts the values there too, where a pointer is."""
    if drawing.readings is None:
        return ""
    axis, *names = map(escape, drawing.readings.names)
    items = [f"<li>{axis} <b></b></li>"]
    for name, colour in zip(names, drawing.places["colours"]):
        sign = "" if drawing.readings.in_plane else f'<i style="background: {colour}"></i>'
        items.append(f"<li>{sign}{name} <b></b></li>")
    return f'<ul class="legend">{"".join(items)}</ul>'


def _values(drawing, identifier):
    readings = drawing.readings
    shown = len(readings.positions)
    some = f"{shown:,} of {readings.total:,} positions" if shown < readings.total else f"{shown:,} positions"
    caption = f"{drawing.title}: {some}"
    rows = [
        [_number(position), *map(_number, values)]
        for position, values in zip(readings.positions.tolist(), readings.values.tolist())
    ]
    numbers = number_table(caption, readings.names, rows, f"{identifier}-values")
    return f"<details><summary>Values of this figure</summary>{numbers}</details>"


def _number(value):
    return "" if value != value else f"{value:.6g}"


def _numbers(told, topics):
    parts = []
    for section, topic in zip(told, topics):
        if topic == "run":
            continue
        finding = f"<p>{prose(section.finding)}</p>" if section.finding else ""
        rows = named_values(section.title, section.rows, f"{topic}-numbers") if section.rows else ""
        parts.append(f'<section id="{topic}"><h3>{escape(section.title)}</h3>{finding}{rows}</section>')
    return _part("numbers", "Numbers", "\n".join(parts))


def _circumstances(told, topics, provenance, command):
    rows = [row for section, topic in zip(told, topics) if topic == "run" for row in section.rows]
    how = [("command", command)] if command else []
    how += [(f"argument {name}", value) for name, value in provenance.arguments.items()]
    how += [("started", _date(provenance))]
    how += [(f"version of {name}", version) for name, version in provenance.versions.items()]
    seconds = [(part, describe_seconds(value)) for part, value in provenance.seconds.items()]
    seconds.append(("all", describe_seconds(sum(provenance.seconds.values()))))
    tables = {"Model, series and speed": rows, "Arguments and versions": how, "How long each part took": seconds}
    parts = [
        f"<section><h3>{title}</h3>{named_values(title, content, f'run-{number}')}</section>"
        for number, (title, content) in enumerate(tables.items())
    ]
    return _part("run", "What was run", "".join(parts))


def _part(identifier, title, content):
    return (
        f'<section id="{identifier}" class="part" aria-labelledby="{identifier}-title">'
        f'<h2 id="{identifier}-title">{title}</h2>{content}</section>'
    )


def _date(provenance):
    return datetime.fromisoformat(provenance.started).strftime("%Y-%m-%d %H:%M UTC")


def _policy(script):
    """Nothing is fetched from anywhere, and no other script than the page's own runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _as_data(value):
    """JSON that ends no script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _as_identifier(title):
    return re.sub(r"\W+", "-", title.lower()).strip("-")
