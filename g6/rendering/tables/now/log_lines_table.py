"""Lines of logs on a terminal: the time in India, severity, process, what happened and the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from rich.text import Text

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.json_plain import json_plain
from g6.domain.market.calendar import IST, day_of
from g6.domain.market.instants import with_indian_clocks
from g6.ports.readers import LogLine
from g6.rendering.parts import NoView, Part
from g6.studies.now.log_lines import LogLines

STYLES = {"warning": "yellow", "error": "red", "debug": "dim"}
"""By severity."""


def parts(document: LogLines, _: NoView) -> Iterator[Part]:
    """Yield a line each."""
    for line in document.lines:
        yield Text(_text(line), style=STYLES.get(line.level, ""))


def notes(document: LogLines) -> Iterator[str]:
    """Yield how many older lines are not shown."""
    if document.left_out:
        yield f"{document.left_out:,} older lines are not shown; --lines N shows more"


def line(document: LogLines) -> str:
    """Return the new lines, as somebody follows them."""
    return "\n".join(map(_text, document.lines))


def json_values(document: LogLines) -> Iterator[object]:
    """Yield each line's fields, as its file has them, with its process."""
    for own in document.lines:
        fields = {"ts": own.at, "level": own.level, "process": own.process, "event": own.event}
        for name in ("cycle", "index", "trace"):
            if value := getattr(own, name):
                fields[name] = value
        yield fields | dict(own.more)


def _text(line: LogLine) -> str:
    at = f"{parse_z(line.at).astimezone(IST):%d %b %H:%M:%S}" if line.at else " " * 15
    day = day_of(parse_z(line.at)) if line.at else date.min
    places = {"cycle": line.cycle, "index": line.index}
    facts = {name: value for name, value in places.items() if value} | dict(line.more)
    # A traceback stands in its own lines, as it is read.
    trace = facts.pop("exception", None)
    rest = "".join(f" {name}={_word(value)}" for name, value in facts.items())
    below = f"\n{trace}" if trace else ""
    words = with_indian_clocks(f"{line.event}{rest}", day)
    return f"{at} {line.level:<7} {line.process:<8} {words}{below}"


def _word(value: object) -> str:
    if isinstance(value, str) and value and " " not in value:
        return value
    return json.dumps(json_plain(value), separators=(",", ":"), ensure_ascii=False)
