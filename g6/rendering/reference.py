"""The reference page of all studies, from their table, parameters and documents."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import get_args, get_type_hints

from g6.studies.parameters import Field, fields_of, written
from g6.studies.study_limits import NOT_FROM_ELSEWHERE, WITHOUT_AT
from g6.studies.table import STUDIES, Study

__all__ = ["parameter_table", "studies_page"]

INTRODUCTION = """# Studies

A study is one question about stored rows. The command line asks it as a command, Python as a
function of `g6.ask`, with the same parameters and the same answer:

```python
import g6

answer = g6.ask.interest("NIFTY", cycles=60, data_dir="data/g6_data")
answer  # a table in a notebook
answer.cycles[-1].pcr  # a field of the document
answer.to_pandas()  # its main table
answer.to_json()  # what the command writes with --json
```

`at` (`--as-of` on the command line) asks the question as of an instant: the newest cycle that is
not later, and no row that was observed later. `as_of` of `g6.load` and `g6.sql` only leaves out
rows that were observed later. Studies of what is there now take no `at`, and each says why.

The settings that a study is asked under are options of its command. `g6.ask` takes `data_dir`,
`provider` and `recording` where they are among them.
"""


def studies_page() -> str:
    """Return the page as Markdown."""
    return "\n".join([INTRODUCTION, *map(_section, STUDIES)])


def _section(study: Study) -> str:
    command = f"g6 {study.command or study.name}"
    paragraphs = [
        f"## {study.name}",
        study.sentence,
        study.details,
        f"`{command}` and `g6.ask.{study.name}`. Example: `{study.example}`",
        parameter_table(fields_of(study.parameters)),
        _limits(study),
        _settings(study),
        *_documents(study.document),
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _limits(study: Study) -> str:
    """Return why it takes no instant and why no web client may ask it, empty where neither is."""
    sentences = []
    if study.name in WITHOUT_AT:
        sentences.append(f"It takes no `at`: {WITHOUT_AT[study.name][0]}.")
    if study.name in NOT_FROM_ELSEWHERE:
        sentences.append(
            "It is asked on the machine itself, neither over HTTP nor by a model: "
            f"{NOT_FROM_ELSEWHERE[study.name]}."
        )
    return " ".join(sentences)


def _settings(study: Study) -> str:
    """Return the options that say under which settings it is asked, empty without any."""
    names = [setting for setting in study.settings if not setting.endswith("*")]
    options = ", ".join(f"`--{name.replace('_', '-')}`" for name in names)
    return f"Settings: {options}." if names else "It reads nothing that is configured."


def parameter_table(parameters: Sequence[Field]) -> str:
    """Return a Markdown table with a line per parameter."""
    head = ["| parameter | option | type | default | meaning |", "|---|---|---|---|---|"]
    return "\n".join([*head, *map(_parameter, parameters)])


def _parameter(field: Field) -> str:
    parameter = field.parameter
    option = parameter.metavar if parameter.is_positional else field.option
    default = "required" if field.is_required else _default(field.default)
    meaning = parameter.sentence
    if parameter.least is not None:
        meaning += f" (at least {parameter.least:g})"
    if parameter.most is not None:
        meaning += f" (at most {parameter.most:g})"
    cells = (f"`{field.name}`", f"`{option}`", _type_name(field.type), default, meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(value: object) -> str:
    return "" if value is None else f"`{written(value)}`"


def _type_name(kind: object) -> str:
    return inspect.formatannotation(kind).replace("datetime.", "")


def _documents(document: type) -> Iterator[str]:
    """Yield a paragraph for a document's class and for each dataclass that it holds."""
    pending = [document]
    for record in pending:
        sentences, _, attributes = (inspect.getdoc(record) or "").partition("\n\nAttributes:\n")
        yield f"**{record.__name__}**. {sentences}"
        if attributes:
            yield "\n".join(map(_attribute, _unfolded(attributes)))
        hints = get_type_hints(record)
        for field in fields(record):
            pending += [kind for kind in _classes(hints[field.name]) if kind not in pending]


def _unfolded(attributes: str) -> list[str]:
    """Return one line per attribute: a sentence that goes on below stands deeper than its name."""
    # A line of attributes stands four deep in a docstring, what follows below it eight.
    return re.sub(r"\n {5,}", " ", attributes).splitlines()


def _attribute(line: str) -> str:
    name, _, meaning = line.strip().partition(": ")
    return f"- `{name}`: {meaning}"


def _classes(hint: object) -> Iterator[type]:
    """Yield the dataclasses that a type hint names, however deep."""
    if isinstance(hint, type) and is_dataclass(hint):
        yield hint
    for member in get_args(hint):
        yield from _classes(member)
