"""The routes of the studies: `/v1/NAME` and one address for each form of the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import Parameter as Argument
from inspect import Signature
from typing import Annotated, Any, Literal, get_args, get_origin

from fastapi import FastAPI, Query, Request
from fastapi.responses import Response

from g6.domain.documents.panels import canonical
from g6.entrypoints.web.answer_headers import WebAnswer
from g6.entrypoints.web.problems import MEDIA_TYPE as PROBLEM
from g6.entrypoints.web.study_answers import (
    StudyAnswer,
    StudyAnswers,
    offered,
    offered_fields,
    stamped,
)
from g6.errors import NothingToDo, UserError
from g6.rendering.answers.answer_file import FILES
from g6.rendering.answers.answer_page import page_of
from g6.rendering.answers.answer_text import answer_text
from g6.rendering.answers.option_words import OptionWords, in_errors, of_request
from g6.studies.parameters import Field, written
from g6.studies.study_limits import NOT_FROM_ELSEWHERE, WITHOUT_AT, refuse_instant
from g6.studies.table import STUDIES, Study

__all__ = ["add_studies"]

MEDIA: Mapping[str, str] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "arrow": "application/vnd.apache.arrow.stream",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The media type of each suffix."""
Suffix = Literal["json", "ndjson", "csv", "html", "txt", "arrow", "xlsx"]
COLUMNS_HEADER = "G6-Columns"
"""How wide a client's screen is that asks for text. A parameter would be one of every study."""
COLUMNS = 100
LEAST_COLUMNS, MOST_COLUMNS = 40, 400
PROBLEMS: Mapping[int, str] = {
    404: "Nothing of that is stored: the sentence names what is.",
    422: "A parameter cannot be read: the sentence says how it is written.",
    503: "A part of the running system does not answer now.",
}
"""What a client is told instead of an answer, by the status."""
Responses = dict[int | str, dict[str, Any]]
"""What FastAPI describes answers with, by status."""
WallSeconds = Callable[[], float]
"""The wall's time in epoch seconds."""


@dataclass(frozen=True, slots=True)
class StudyRoute:
    """Answers the requests for one study."""

    study: Study
    answers: StudyAnswers
    wall: WallSeconds

    def answer(self, request: Request, suffix: str, values: Mapping[str, object]) -> Response:
        """Return the answer in the form that the address names."""
        self._check_names(request)
        answer = self._ask(values)
        identity = answer.identity()
        observed_at = None if answer.origin is None else answer.origin.observed_at

        def body() -> bytes:
            if suffix == "json":
                return stamped(identity, datetime.fromtimestamp(self.wall(), UTC))
            return self._body(request, suffix, answer, values)

        certificate = self.answers.certificate(answer.origin)
        written_answer = WebAnswer(answer.about(), observed_at, identity, certificate)
        return written_answer.response(request, MEDIA[suffix], body)

    def _ask(self, values: Mapping[str, object]) -> StudyAnswer:
        """Return the answer. What mends an error names parameters of an address, not options."""
        try:
            return self.answers.ask(self.study, values)
        except (UserError, NothingToDo) as error:
            for field in offered_fields(self.study):
                error.sentence = error.sentence.replace(f"{field.option} ", f"{field.name}= ")
                if "g6 " not in error.fix:
                    error.fix = error.fix.replace(f"{field.option} ", f"{field.name}=")
            error.fix = self._words()(error.fix)
            raise

    def _body(
        self, request: Request, suffix: str, answer: StudyAnswer, values: Mapping[str, object]
    ) -> bytes:
        study, document = answer.study, answer.document
        if suffix == "html":
            address = str(request.url_for(f"{self.study.name}.SUFFIX", suffix="SUFFIX"))
            query = request.url.query
            address = f"{address}?{query}" if query else address
            return page_of(study, document, answer.about(), values, address, self._words()).encode()
        if suffix == "txt":
            return answer_text(study.name, document, _columns(request), self._words()).encode()
        about = {name: written(value) for name, value in answer.about().items()}
        return FILES[suffix](document, about)

    def _words(self) -> OptionWords:
        return _words_of(self.study)

    def _check_names(self, request: Request) -> None:
        """Refuse a parameter that the study has not: a typing error would be a silent default.

        Raises:
            UserError: There is such a parameter.
        """
        with in_errors(self._words()):
            refuse_instant(self.study.name, request.query_params.keys())
        names = [field.name for field in offered_fields(self.study)]
        for name in request.query_params:
            if name not in names:
                raise UserError(
                    f"{self.study.name} has no parameter {name!r}",
                    f"choose among {', '.join(names)}" if names else "it has none: leave it out",
                )


def _words_of(study: Study) -> OptionWords:
    return of_request(study, offered_fields(study))


def _columns(request: Request) -> int:
    """Return for how many columns text is laid out."""
    named = request.headers.get(COLUMNS_HEADER, "")
    wide = int(named) if named.isascii() and named.isdigit() else COLUMNS
    return min(max(wide, LEAST_COLUMNS), MOST_COLUMNS)


def add_studies(app: FastAPI, answers: StudyAnswers, wall: WallSeconds) -> None:
    """Add `/v1`, and for each study that is offered `/v1/NAME` and `/v1/NAME.SUFFIX`."""

    @app.get("/v1", tags=["studies"], summary="List the studies with their parameters.")
    def studies() -> Response:
        document = {
            "studies": [_described(study) for study in offered()],
            "not_offered": [_withheld(study) for study in STUDIES if study not in offered()],
        }
        return Response(canonical(document), media_type=MEDIA["json"])

    for study in offered():
        _add(app, StudyRoute(study, answers, wall))


def _add(app: FastAPI, route: StudyRoute) -> None:
    study = route.study
    arguments = [_argument(field) for field in offered_fields(study)]
    request = Argument("request", Argument.KEYWORD_ONLY, annotation=Request)

    def answer(request: Request, **values: Any) -> Response:
        return route.answer(request, "json", _given(values))

    def answer_as(request: Request, suffix: Suffix, **values: Any) -> Response:
        return route.answer(request, suffix, _given(values))

    suffix = Argument("suffix", Argument.KEYWORD_ONLY, annotation=Suffix)
    _sign(answer, [request, *arguments])
    _sign(answer_as, [request, suffix, *arguments])
    answer.__doc__ = answer_as.__doc__ = study.sentence
    name = f"/v1/{study.name}"
    _register(app, study, name, answer, study.name, ["json"])
    _register(app, study, f"{name}.{{suffix}}", answer_as, f"{study.name}.SUFFIX", list(MEDIA))


def _register(
    app: FastAPI,
    study: Study,
    path: str,
    function: Callable[..., Response],
    name: str,
    suffixes: list[str],
) -> None:
    app.get(
        path,
        name=name,
        summary=study.sentence,
        description=_words_of(study).description(study.details) or study.sentence,
        responses=_responses(study, suffixes),
        response_class=Response,
        tags=["studies"],
    )(function)


def _sign(function: Callable[..., Response], arguments: list[Argument]) -> None:
    function.__signature__ = Signature(arguments)  # type: ignore[attr-defined]
    function.__annotations__ = {argument.name: argument.annotation for argument in arguments}


def _given(values: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters that the address names: others keep the study's own defaults."""
    return {name: value for name, value in values.items() if value is not None}


def _argument(field: Field) -> Argument:
    parameter = field.parameter
    is_text = parameter.read is not None or parameter.read_at is not None
    kind: Any = str if is_text else _plain(field.type)
    extra = {"enum": list(parameter.choices)} if parameter.choices else None
    query = Query(
        description=parameter.sentence,
        ge=parameter.least if kind in (int, float) else None,
        le=parameter.most if kind in (int, float) else None,
        examples=[parameter.example] if parameter.example else None,
        json_schema_extra=extra,
    )
    default = Argument.empty if field.is_required else None
    kind = kind if field.is_required else kind | None
    annotation = Annotated[kind, query]
    return Argument(field.name, Argument.KEYWORD_ONLY, default=default, annotation=annotation)


def _plain(kind: object) -> object:
    """Return the type of a value without what says that it may be absent."""
    members = [member for member in get_args(kind) if member is not type(None)]
    return members[0] if get_origin(kind) is not None and members else kind


def _responses(study: Study, suffixes: list[str]) -> Responses:
    """Return what may be answered, as the description for programs says it."""
    responses: Responses = {
        code: {"description": sentence, "content": {PROBLEM: {}}}
        for code, sentence in PROBLEMS.items()
    }
    responses[304] = {"description": "Not changed since the answer with this tag."}
    responses[200] = {
        "description": f"{study.sentence} The command is `{study.example}`.",
        "content": {MEDIA[suffix]: _described_body(study, suffix) for suffix in suffixes},
    }
    return responses


def _described_body(study: Study, suffix: str) -> dict[str, object]:
    """Return what the description says of one form: of JSON how it begins."""
    if suffix != "json":
        return {}
    example: dict[str, object] = {
        "answered_at": "2026-11-18T05:31:02.500000Z",
        "study": study.name,
        "stale": False,
    }
    if study.reader == "stored":
        example |= {
            "instant": "2026-11-18T05:30:00Z",
            "observed_at": "2026-11-18T05:30:00.800000Z",
            "source": "sim",
            "coverage": 1.0,
            "config_id": "3f8a2c",
        }
    names = ["answered_at", "study", "stale", "data"]
    schema = {"type": "object", "required": names, "properties": {name: {} for name in names}}
    return {"schema": schema, "example": {**example, "data": {}}}


def _described(study: Study) -> dict[str, object]:
    return {
        "name": study.name,
        "sentence": study.sentence,
        "path": f"/v1/{study.name}",
        "command": study.example,
        "parameters": [
            {
                "name": field.name,
                "sentence": field.parameter.sentence,
                "example": field.parameter.example,
                "required": field.is_required,
            }
            for field in offered_fields(study)
        ],
        "formats": list(MEDIA),
        "without_at": WITHOUT_AT.get(study.name, ("", ""))[0],
    }


def _withheld(study: Study) -> dict[str, object]:
    """Return what is said of a study that is not asked from elsewhere."""
    return {
        "name": study.name,
        "sentence": study.sentence,
        "command": study.example,
        "reason": NOT_FROM_ELSEWHERE[study.name],
    }
