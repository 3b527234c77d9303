"""What is typed behind the colon of `g6 top`: a study with its arguments, as on a command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from textwrap import wrap

from g6.adapters.panel_server import PanelServer
from g6.config import Settings
from g6.domain.schema.nearest import no_such
from g6.entrypoints.machine.study_reading import reader, time_of
from g6.errors import UserError
from g6.rendering import parts
from g6.rendering.screens.cells import PLAIN, StyledText
from g6.rendering.screens.top_text import text_lines
from g6.studies.parameters import Field, fields_of, made
from g6.studies.table import STUDIES, Study

__all__ = ["asked_of_server", "asked_of_settings", "question_of"]

OFFERED = frozenset({"stored", "status", "past", "archive", "collection", "running", "health"})
"""Kinds of readers that ask no provider and change nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """A study and its values, texts by the names of its parameters."""

    study: Study
    values: dict[str, object]


def question_of(words: str, index: str, at: str) -> Question:
    """Return the question that a line asks.

    Args:
        words: Such as `interest NIFTY --cycles 20`.
        index: The index that is meant where none is named.
        at: The stored cycle that is seen, empty for now.

    Raises:
        UserError: There is no such study, or it has no such option.
    """
    try:
        tokens = shlex.split(words)
    except ValueError as error:
        raise UserError(f"{words!r}: {error}", "close the quote") from error
    study, rest = _study(tokens)
    values: dict[str, object] = dict(_values(study, rest))
    names = {field.name for field in fields_of(study.parameters)}
    if "index" in names:
        values.setdefault("index", index)
    if "at" in names and at:
        values.setdefault("at", at)
    return Question(study, values)


def _study(tokens: Sequence[str]) -> tuple[Study, Sequence[str]]:
    offered = {study.words: study for study in STUDIES if study.reader in OFFERED}
    for count in (2, 1):
        study = offered.get(" ".join(tokens[:count]))
        if study is not None:
            return study, tokens[count:]
    raise no_such("study", tokens[0] if tokens else "", sorted(offered))


def _values(study: Study, tokens: Sequence[str]) -> Iterator[tuple[str, object]]:
    fields = fields_of(study.parameters)
    options: dict[str, Field] = {}
    for field in fields:
        for name in (field.option, *field.parameter.also):
            options[name] = field
    positional = iter([field for field in fields if field.parameter.is_positional])
    rest = list(tokens)
    while rest:
        token = rest.pop(0)
        if not token.startswith("--"):
            argument = next(positional, None)
            if argument is None:
                raise UserError(f"{study.words} takes no {token!r}", f"see g6 {study.words} --help")
            yield argument.name, token.upper() if argument.name == "index" else token
            continue
        name, sign, text = token.partition("=")
        if name not in options:
            raise no_such(f"option of {study.words}", name, sorted(options))
        field = options[name]
        if field.type is bool:
            yield field.name, True
            continue
        if not sign:
            if not rest:
                raise UserError(f"{name} needs a value", f"{name} {field.parameter.example}")
            text = rest.pop(0)
        yield field.name, _plain(field, text)


def _plain(field: Field, text: str) -> object:
    """Return a number where the study wants one. Other texts it reads by itself."""
    if field.type not in (int, float) or field.parameter.read is not None:
        return text
    try:
        return int(text) if field.type is int else float(text)
    except ValueError as error:
        example = f"{field.option} {field.parameter.example}"
        raise UserError(f"{field.option} {text!r} is no number", example) from error


def asked_of_settings(
    settings: Settings, words: str, index: str, at: str, width: int
) -> list[list[StyledText]]:
    """Ask a study of the system and the rows of some settings.

    Raises:
        G6Error: It cannot be answered.
    """
    question = question_of(words, index, at)
    study = question.study
    source = reader(study.reader, settings)
    parameters: object = made(study.parameters, question.values, time_of(settings))
    document = study.answer(source, parameters)
    return text_lines(parts.parts_of(study.name, document), width)


def asked_of_server(
    server: PanelServer, words: str, index: str, at: str, width: int
) -> list[list[StyledText]]:
    """Ask a study of a server, which lays its answer out for this screen.

    Raises:
        G6Error: It cannot be answered.
    """
    question = question_of(words, index, at)
    values = {name: str(value) for name, value in question.values.items() if value is not None}
    text = server.study(question.study.name, "txt", values, columns=width)
    # Tables fit. A line that people copy whole is not broken by its part: here it would be cut.
    pieces = (wrap(line, width) or [""] for line in text.splitlines())
    return [[(piece, PLAIN)] for piece in chain.from_iterable(pieces)]
