"""A day of one index as one file: the page with its data and its slider, without a server."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import cast

from g6.bootstrap.reading import study_readers
from g6.config import Settings
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.documents.panels import canonical
from g6.domain.market.calendar import IST
from g6.domain.schema.chain import Chain
from g6.domain.schema.json_types import JsonObject
from g6.entrypoints.web.page.kept_answers import KeptAnswer, evenly, kept_answer
from g6.entrypoints.web.page.page_files import PageFacts, page_files
from g6.entrypoints.web.study_answers import StudyAnswers
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.table import by_name

__all__ = ["INSTANTS", "DayPage", "day_page"]

INSTANTS = 75
"""Instants of a day that are kept unless another number is asked for: one each five minutes."""
HEAT_COLUMNS = 120
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)
"""Nothing is asked of anybody: what the page needs stands in it."""
_IMPORT = re.compile(r'(from|import\() ?"(\./|\.\./)([\w./-]+)"')
PageQuestion = tuple[str, Mapping[str, object]]
"""A study's name and its parameters without the instant."""
Progress = Callable[[int, int], None]
"""Is told how many instants are done, and of how many."""


@dataclass(frozen=True, slots=True)
class DayPage:
    """A day as one file.

    Attributes:
        index: The underlying's name.
        day: The session day.
        text: Its HTML.
        instants: How many instants it has.
    """

    index: str
    day: date
    text: str
    instants: int


def day_page(settings: Settings, day: date, index: str, most: int, progress: Progress) -> DayPage:
    """Return a day of an index as one file.

    Args:
        settings: The configuration, which names the data directory.
        day: The session day.
        index: The underlying's name.
        most: Instants at most, evenly chosen, the last one among them.
        progress: Is told how far it is.

    Raises:
        UserError: There is no such index.
        NothingToDo: Nothing of that day is stored.
    """
    reader = cast("StoredReader", study_readers.reader("stored", settings))
    units = _units(reader, index, day)
    picked = [units[place] for place in evenly(len(units), most)]
    answers: dict[str, object] = dict(_of_the_day(settings, units, day))
    for place, unit in enumerate(picked):
        for key, answer in _of_instant(settings, reader, unit):
            row = cast("list[object]", answers.setdefault(key, [None] * len(picked)))
            row[place] = answer
        progress(place + 1, len(picked))
    instants = [isoformat_z(_known(reader, unit)) for unit in picked]
    spacing = max(1.0, (units[-1].instant - units[0].instant).total_seconds() / max(1, most))
    facts = PageFacts(
        stream=False,
        interval=max(settings.interval, round(spacing)),
        wall_interval=settings.wall_interval,
        indices=(units[0].index,),
    )
    content: JsonObject = {
        "facts": facts.to_json(),
        "day": day.isoformat(),
        "index": units[0].index,
        "instants": instants,
        "answers": answers,
    }
    title = f"{units[0].index} on {day:%a %d %b %Y}"
    return DayPage(units[0].index, day, _bundle(title, canonical(content)), len(picked))


def _units(reader: StoredReader, index: str, day: date) -> list[Unit]:
    """Return the units of a day that have a chain.

    Raises:
        NothingToDo: There is none.
    """
    name = selection.known_index(index)
    begin = datetime.combine(day, datetime.min.time(), IST).astimezone(UTC)
    cycles = reader.cycles(begin, begin + timedelta(days=1) - timedelta(microseconds=1))
    units = [Unit(cycle, name) for cycle, indices in cycles.items() if name in indices]
    if not units:
        raise NothingToDo(
            f"nothing of {name} is stored of {day} in {reader.place}",
            f"g6 data ls --data-dir {reader.place} shows what is there",
        )
    return units


def _known(reader: StoredReader, unit: Unit) -> datetime:
    """Return an instant at which the rows of a unit were known."""
    frame = reader.chain(unit)
    if frame is None or not len(frame):
        return unit.instant
    # An instant has microseconds, a stored one may lie between two of them.
    observed = datetime.fromtimestamp(float(frame.columns["observed_at"].max()), UTC)
    return max(unit.instant, observed + timedelta(microseconds=1))


def _at(settings: Settings, known: datetime) -> dict[str, object]:
    """Return the parameter that asks for what was known then, nothing where that is the newest."""
    # A simulated market is where its newest cycle is: what was known a moment later lies ahead.
    now = study_readers.market_time(settings).now()
    return {} if known > now else {"at": known}


def _of_the_day(
    settings: Settings, units: Sequence[Unit], day: date
) -> Iterator[tuple[str, object]]:
    """Yield the answers that are of the whole day, by the words that the page asks with."""
    reader = cast("StoredReader", study_readers.reader("stored", settings))
    answers = _answers(settings, study_readers.reader_of_one_answer(reader))
    index = units[0].index
    at = _at(settings, _known(reader, units[-1]))
    span: dict[str, object] = {
        "cycles": len(units),
        "every": max(1, -(-len(units) // HEAT_COLUMNS)),
    }
    questions: list[tuple[str, dict[str, object], dict[str, object]]] = [
        ("levels", {"index": index}, {}),
        ("straddle", {"index": index}, span),
        ("heatmap", {"index": index, "of": "oi", "by": "time"}, span),
        ("heatmap", {"index": index, "of": "iv", "by": "time"}, span),
    ]
    for study, named, more in questions:
        answer = _ask(answers, study, {**named, **more, **at})
        if answer is not None:
            yield _key(study, named), answer
    plain = _answers(settings, reader)
    # The slider asks for the gaps of its index, the view of health for all that there are.
    of_health: tuple[PageQuestion, ...] = (
        ("gaps", {"index": index}),
        ("gaps", {}),
        ("coverage", {}),
    )
    for study, words in of_health:
        answer = _ask(plain, study, {"index": index, "first": day, "last": day})
        if answer is not None:
            yield _key(study, words), answer


def _of_instant(
    settings: Settings, reader: StoredReader, unit: Unit
) -> Iterator[tuple[str, KeptAnswer]]:
    """Yield the answers of one instant, by the words that the page asks with.

    An answer that is another one's is named by that one's words: the nearest expiry is asked for
    by its day too.
    """
    memory = study_readers.reader_of_one_answer(reader)
    frame = memory.chain(unit)
    if frame is None or not len(frame):
        return
    answers = _answers(settings, memory)
    at = _at(settings, _known(reader, unit))
    index = unit.index
    days = [str(expiry.day) for expiry in Chain.of_rows(frame).expiries]
    questions: list[PageQuestion] = [("overview", {})]
    questions += [
        (study, {"index": index})
        for study in ("analyze", "smile", "surface", "exposures", "payoff")
    ]
    questions += [("heatmap", {"index": index, "of": of, "by": "expiry"}) for of in ("oi", "iv")]
    for own in [{"index": index}, *({"index": index, "expiry": day} for day in days)]:
        questions += [("ladder", own | {"against": "close"}), ("oi", own)]
    questions += [("exposures", {"index": index, "expiry": day}) for day in days]
    before: dict[str, str] = {}
    for study, named in questions:
        question = dict(named) | ({"index": index} if study == "overview" else {})
        answer = _ask(answers, study, question | at)
        if answer is None:
            continue
        content = json.dumps({"study": study} | answer, sort_keys=True)
        key = _key(study, named)
        first = before.setdefault(content, key)
        yield key, answer if first == key else first


def _answers(settings: Settings, reader: StoredReader) -> StudyAnswers:
    def reader_of(kind: str) -> object:
        return reader if kind == "stored" else study_readers.reader(kind, settings)

    return StudyAnswers(reader_of, study_readers.market_time(settings), settings.interval)


def _ask(answers: StudyAnswers, study: str, values: Mapping[str, object]) -> JsonObject | None:
    """Return a study's answer as JSON has it, None where there is nothing of it."""
    try:
        answer = answers.ask(by_name(study), values)
    except NothingToDo:
        return None
    return kept_answer(study, json.loads(answer.identity()))


def _key(study: str, named: Mapping[str, object]) -> str:
    """Return the words that the page asks with, as its `kept.js` makes them."""
    return " ".join([study, *(f"{name}={named[name]}" for name in sorted(named))])


def _bundle(title: str, content: bytes) -> str:
    """Return the page as one file: its modules in an import map, its data compressed."""
    named = {name: file.content.decode() for name, file in page_files().items()}
    page = named["index.html"]
    modules = {
        f"g6/{name}": "data:text/javascript;base64," + _base64(_absolute(name, text).encode())
        for name, text in named.items()
        if name.endswith(".js") and not name.startswith(("start/", "uplot/"))
    }
    styles = "\n".join(named[name] for name in ("palette.css", "uplot/uPlot.min.css", "page.css"))
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html.escape(title)}</title>",
        f'<link rel="icon" href="data:image/svg+xml;base64,{_base64(named["icon.svg"].encode())}">',
        f"<style>{styles}</style>",
        f"<script>{named['start/theme.js']}</script>",
        f"<script>{named['uplot/uPlot.iife.min.js']}</script>",
        f'<script type="importmap">{json.dumps({"imports": modules})}</script>',
    ]
    body = page.partition("<body>")[2].partition("</body>")[0]
    packed = _base64(gzip.compress(content, 9, mtime=0))
    begin = 'import { open } from "g6/kept.js"; await open(); await import("g6/main.js");'
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n{"".join(head)}\n</head>\n<body>{body}\n'
        f'<script type="application/octet-stream" id="kept">{packed}</script>\n'
        f'<script type="module">{begin}</script>\n</body>\n</html>\n'
    )


def _absolute(name: str, text: str) -> str:
    """Return a module whose imports name others as the import map does.

    A module of a data address has no folder that a relative name could count from.
    """
    folder = name.rpartition("/")[0]

    def named(match: re.Match[str]) -> str:
        prefix = f"{folder}/" if match[2] == "./" and folder else ""
        gap = " " if match[1] == "from" else ""
        return f'{match[1]}{gap}"g6/{prefix}{match[3]}"'

    return _IMPORT.sub(named, text)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
