"""Asking a study for a web client: its document, and whose rows it was computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any, cast

from g6.bootstrap.reading.study_readers import reader_of_one_answer
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.documents.panels import canonical
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.instants import MarketTime, instant_in_words
from g6.domain.market.instrument import INDICES
from g6.domain.schema.layout import ROWS_SUFFIX
from g6.errors import NothingToDo, UncoveredYear, UserError
from g6.errors.machine_places import hide_places
from g6.ports.readers import StoredReader
from g6.rendering import parts
from g6.studies.documents import StudyDocument
from g6.studies.origin import Origin, origin_of, origin_of_all
from g6.studies.parameters import Field, fields_of, made
from g6.studies.study_limits import NOT_FROM_ELSEWHERE
from g6.studies.table import STUDIES, Study

__all__ = ["StudyAnswer", "StudyAnswers", "import_ahead", "offered", "offered_fields", "stamped"]

FIXED: Mapping[str, object] = {"from_dumps": True}
"""What a web client does not choose: the listings are those of the stored dumps."""
LOCAL = frozenset({*FIXED, "files", "panels_dir", "refresh", "strict", "verify"})
"""Parameters of who sits at the machine.

They name a place of it, have the provider asked, have every stored file read, or are about an exit
code.
"""
OF_THE_PAST = frozenset({"archive", "certificates", "participants", "past", "quality", "units"})
"""Kinds of readers of which nothing that lies ahead can be asked."""
MOST: Mapping[tuple[str, str], float] = {("verify", "cycles"): 100}
"""The largest values for a web client, of what takes processor time: a unit takes 28 ms."""
LATE_INTERVALS = 2
"""A newest cycle older than so many intervals is stale while the exchange trades."""


def offered() -> list[Study]:
    """Return the studies that a web client may ask."""
    return [study for study in STUDIES if study.name not in NOT_FROM_ELSEWHERE]


def offered_fields(study: Study) -> tuple[Field, ...]:
    """Return the parameters of a study that a web client may give."""
    return tuple(
        _bounded(study, field) for field in fields_of(study.parameters) if field.name not in LOCAL
    )


def _bounded(study: Study, field: Field) -> Field:
    """Return a parameter with the bound that it has for a web client."""
    most = MOST.get((study.name, field.name))
    if most is None:
        return field
    return replace(field, parameter=replace(field.parameter, most=most))


@dataclass(frozen=True, slots=True)
class StudyAnswer:
    """The answer of a study.

    Attributes:
        study: The question.
        document: What it answers with.
        origin: Whose rows they are, None of a study that is not about one index.
        is_stale: Whether the newest cycle was older than two intervals at the instant asked for.
        at: The instant that was asked about, None without.
    """

    study: Study
    document: StudyDocument
    origin: Origin | None
    is_stale: bool
    at: datetime | None = None

    def about(self) -> dict[str, object]:
        """Return what every form of the answer says of it."""
        facts: dict[str, object] = {"study": self.study.name, "stale": self.is_stale}
        if self.origin is not None:
            facts |= self.origin.to_json()
        elif self.at is not None:
            facts["instant"] = isoformat_z(self.at)
        return facts

    def identity(self) -> bytes:
        """Return the answer as canonical JSON, without the instant at which it was asked."""
        data = parts.json_value_of(self.study.name, self.document)
        return canonical(self.about() | {"data": data})


def import_ahead() -> None:
    """Import what answers need, so that the first one does not wait for it.

    Without it the first chain takes 0.3 s longer. What only surfaces need is left to the first
    of them: 20 MB.
    """
    import_module("scipy.special")
    for study in offered():
        parts.json_indent_of(study.name)


def stamped(identity: bytes, answered_at: datetime) -> bytes:
    """Return an answer's JSON with the instant at which it was asked.

    Its name comes before all others, so that the rows need not be written a second time.
    """
    return b'{"answered_at":"%b",%b' % (isoformat_z(answered_at).encode(), identity[1:])


@dataclass(frozen=True, slots=True)
class StudyAnswers:
    """Asks studies of one running system.

    Attributes:
        reader_of: Returns the reader of a kind.
        time: What instants such as `11:02` count from.
        interval: Seconds between two cycles.
        certificate_of: Returns what names the certificate of a stored day, empty where it has none.
    """

    reader_of: Callable[[str], object]
    time: MarketTime
    interval: float
    certificate_of: Callable[[date], str] = lambda _: ""

    def certificate(self, origin: Origin | None) -> str:
        """Return what names the certificate of the day of an answer's rows."""
        return "" if origin is None else self.certificate_of(day_of(parse_z(origin.instant)))

    def ask(self, study: Study, values: Mapping[str, object]) -> StudyAnswer:
        """Return a study's answer.

        Args:
            study: The question.
            values: Its parameters by name, as texts or as values.

        Raises:
            UserError: A value cannot be read.
            NothingToDo: Nothing of that is stored.
        """
        fixed = {
            field.name: FIXED[field.name]
            for field in fields_of(study.parameters)
            if field.name in FIXED
        }
        _refuse_files(values)
        _refuse_large(study, values)
        parameters: Any = made(study.parameters, {**values, **fixed}, self.time)
        reader = self.reader_of(study.reader)
        at: datetime | None = getattr(parameters, "at", None)
        if study.reader != "stored":
            if study.reader in OF_THE_PAST:
                self.refuse_future(cast("StoredReader", self.reader_of("stored")), at)
            # Rows name no place of the machine. What is told of the system and its files may.
            document = hide_places(_answer(study, reader, parameters))
            return StudyAnswer(study, document, None, is_stale=False, at=at)
        stored = reader_of_one_answer(cast("StoredReader", reader))
        index: str | None = getattr(parameters, "index", None)
        self.refuse_future(stored, at)
        origin = origin_of(stored, index, at) if index else origin_of_all(stored, at)
        # The answer and what is said of it are of one cycle, whether a newer one comes or not.
        of_cycle: Any = replace(parameters, at=at or origin.known_by)
        document = _answer(study, stored, of_cycle)
        return StudyAnswer(study, document, origin, self.is_stale(stored.calendar, origin, at))

    def refuse_future(self, reader: StoredReader, at: datetime | None) -> None:
        """Refuse an instant of which more may become known.

        Raises:
            NothingToDo: The instant lies ahead of what is stored and of now.
        """
        if at is None or at <= self.time.now():
            return
        newest = reader.last_cycle()
        last = (
            "nothing is stored"
            if newest is None
            else f"the last cycle is {instant_in_words(newest)}"
        )
        raise NothingToDo(
            f"{instant_in_words(at)} lies ahead: {last}", "ask for an earlier instant"
        )

    def is_stale(self, calendar: Calendar, origin: Origin, at: datetime | None) -> bool:
        """Tell whether the newest cycle was too old at the instant asked for, in session."""
        instant = parse_z(origin.instant)
        asked = at or self.time.now()
        if asked - instant <= timedelta(seconds=LATE_INTERVALS * self.interval):
            return False
        with suppress(UncoveredYear):
            exchange = INDICES[origin.index].exchange if origin.index else "NSE"
            return calendar.is_open(exchange, asked)
        return False


def _refuse_files(values: Mapping[str, object]) -> None:
    """Refuse a value that names a file of this machine.

    Raises:
        UserError: There is one.
    """
    for name, value in values.items():
        if isinstance(value, str) and value.endswith(ROWS_SUFFIX):
            raise UserError(f"{name} names a file, and none is read for a web client")


def _refuse_large(study: Study, values: Mapping[str, object]) -> None:
    """Refuse a value that is larger than others than the machine's own person may name.

    Raises:
        UserError: There is one.
    """
    for (name, parameter), most in MOST.items():
        value = values.get(parameter) if name == study.name else None
        if isinstance(value, int | float) and value > most:
            raise UserError(f"{parameter} {value:g} is too large", f"write {most:g} or less")


def _answer(study: Study, reader: object, parameters: object) -> StudyDocument:
    return cast("StudyDocument", study.answer(reader, parameters))
