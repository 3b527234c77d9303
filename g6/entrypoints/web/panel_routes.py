"""`/v1/panels`: the newest panels, and those of any past instant, made again from the rows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import Response

from g6.bootstrap.reading.study_readers import reader_of_one_answer
from g6.domain.cycles.cycle import Unit
from g6.domain.documents.panels import canonical
from g6.domain.market.instants import instant_of_text
from g6.domain.market.instrument import INDICES
from g6.domain.schema.frame import Frame, FrameName, Header
from g6.domain.schema.json_reading import entries, part
from g6.domain.schema.json_types import Document
from g6.domain.schema.nearest import hint
from g6.entrypoints.web.answer_headers import WebAnswer
from g6.entrypoints.web.problems import MEDIA_TYPE as PROBLEM
from g6.entrypoints.web.study_answers import StudyAnswers, stamped
from g6.entrypoints.web.study_routes import WallSeconds
from g6.errors import NothingToDo, Retryable
from g6.ports import Frames, PanelStore
from g6.ports.readers import StoredReader
from g6.studies.parameters import At
from g6.studies.stored.past_panels import (
    OF_ROWS,
    PanelAnswer,
    index_of,
    newest_panel,
    past_panel,
)

__all__ = ["PanelAnswers", "add_panels"]

AtText = Annotated[
    str | None,
    Query(description=At.__metadata__[0].sentence, examples=[At.__metadata__[0].example]),
]
PanelName = Annotated[str, Path(description="As /v1/panels lists it.", examples=["overview"])]
JSON = "application/json"
PROBLEMS: dict[int | str, dict[str, object]] = {
    code: {"description": sentence, "content": {PROBLEM: {}}}
    for code, sentence in {
        404: "There is no such panel, or no row says what it was at that instant.",
        422: "The instant cannot be read.",
        503: "A part of the running system does not answer now.",
    }.items()
}


@dataclass(slots=True)
class PanelAnswers:
    """Answers what panels show now, and what they showed.

    Attributes:
        answers: The stored rows, and what an instant counts from.
        panels: The newest panels, None where no system runs: the newest are of rows, too.
        frames: The chains of the newest cycles, which may not be stored yet.
    """

    answers: StudyAnswers
    panels: PanelStore | None = None
    frames: Frames | None = None
    _newest: dict[str, tuple[str, PanelAnswer]] = field(default_factory=dict)

    def ask(self, name: str, at: datetime | None) -> PanelAnswer:
        """Return a panel of an instant, the newest one without.

        Raises:
            NothingToDo: There is none, or no row says what it was.
        """
        if at is None and self.panels is not None:
            try:
                return self._ask_newest(name, self.panels)
            except Retryable:
                # Without Redis the stored rows still tell what the newest stored cycle was.
                if index_of(name) is None and name not in OF_ROWS:
                    raise
                with suppress(NothingToDo):
                    return past_panel(self._reader(), name, None)
                raise
        reader = self._reader()
        self.answers.refuse_future(reader, at)
        if index_of(name) is None and name not in OF_ROWS and name not in self._running_names():
            raise self._unknown(name)
        return past_panel(reader, name, at)

    def about(self, answer: PanelAnswer, at: datetime | None) -> dict[str, object]:
        """Return what is said of a panel beside it."""
        reader = self._reader()
        stale = self.answers.is_stale(reader.calendar, answer.origin, at)
        return {"panel": answer.name, "stale": stale, **answer.origin.to_json()}

    def names(self, at: datetime | None) -> dict[str, object]:
        """Return the panels that can be asked for: now, or of an instant."""
        if at is None and self.panels is not None:
            with suppress(Retryable):
                return {"instant": None, "panels": list(self.panels.names())}
        overview = self.ask("overview", at)
        rows = entries(overview.data, "rows")
        indices = [f"index_{row['underlying']}" for row in rows]
        return {"instant": overview.origin.instant, "panels": sorted([*OF_ROWS, *indices])}

    def _ask_newest(self, name: str, panels: PanelStore) -> PanelAnswer:
        document = panels.get(name)
        if document is None:
            raise self._unknown(name)
        # Who made it is found once for each panel, and its rows are read then.
        mark = f"{document.get('updated_at')} {part(document, 'meta').get('hash')}"
        before = self._newest.get(name)
        if before is not None and before[0] == mark:
            return before[1]
        rows = self._rows(document, panels)
        answer = newest_panel(name, document, rows, self._chain, self._header)
        self._newest[name] = (mark, answer)
        return answer

    def _rows(self, document: Document, panels: PanelStore) -> list[Document]:
        """Return the overview rows of a panel's cycle."""
        overview = panels.get("overview") or {}
        if overview.get("updated_at") == document.get("updated_at"):
            return list(entries(part(overview, "data"), "rows"))
        cycle = str(document.get("updated_at", ""))
        return [cast("Document", row) for row in self._reader().overview_rows(cycle)]

    def _chain(self, unit: Unit) -> Frame | None:
        frame = self._frame(unit)
        return self._reader().chain(unit) if frame is None else frame

    def _header(self, unit: Unit) -> Header | None:
        frame = self._frame(unit)
        return self._reader().header(unit) if frame is None else frame.header

    def _frame(self, unit: Unit) -> Frame | None:
        if self.frames is None:
            return None
        return self.frames.find([unit], FrameName.CHAIN).get(unit)

    def _reader(self) -> StoredReader:
        return reader_of_one_answer(cast("StoredReader", self.answers.reader_of("stored")))

    def _running_names(self) -> list[str]:
        return [] if self.panels is None else list(self.panels.names())

    def _unknown(self, name: str) -> NothingToDo:
        of_rows = [*OF_ROWS, *(f"index_{index}" for index in INDICES)]
        running = self._running_names()
        if not running and name in of_rows:
            fix = "g6 up collects; ask again after its first cycle"
            return NothingToDo(f"there is no panel {name}: no cycle has ended yet", fix)
        return NothingToDo(f"there is no panel {name}", hint(name, running or of_rows))


def add_panels(app: FastAPI, answers: PanelAnswers, wall: WallSeconds) -> None:
    """Add `/v1/panels` and `/v1/panels/NAME`."""
    time = answers.answers.time

    def instant(at: str | None) -> datetime | None:
        return None if at is None else cast("datetime | None", instant_of_text(at, time))

    @app.get("/v1/panels", tags=["panels"], responses=_responses("The names of the panels."))
    def panels(at: AtText = None) -> Response:
        """List the panels that there are, or were at an instant."""
        return Response(canonical(answers.names(instant(at))), media_type=JSON)

    # The lower one is added first: the other would take the suffix for a part of the name.
    @app.get("/v1/panels/{name}", tags=["panels"], responses=_responses("The panel."))
    @app.get("/v1/panels/{name}.json", tags=["panels"], responses=_responses("The panel."))
    def panel(request: Request, name: PanelName, at: AtText = None) -> Response:
        """Show a panel of the newest cycle, or of the newest one that was known at an instant."""
        moment = instant(at)
        answer = answers.ask(name, moment)
        about = answers.about(answer, moment)
        identity = canonical(about | {"data": answer.data})
        certificate = answers.answers.certificate(answer.origin)
        panel_answer = WebAnswer(about, answer.origin.observed_at, identity, certificate)
        now = datetime.fromtimestamp(wall(), UTC)
        return panel_answer.response(request, JSON, lambda: stamped(identity, now))


def _responses(sentence: str) -> dict[int | str, dict[str, object]]:
    return {200: {"description": sentence, "content": {JSON: {}}}, **PROBLEMS}
