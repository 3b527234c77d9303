"""`g6.ask`: every study as a function that takes its parameters and a data directory.

>>> import g6
>>> g6.ask.interest("NIFTY", cycles=60)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter as Argument
from inspect import Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from g6.studies import table

if TYPE_CHECKING:
    from g6.entrypoints.python.answers import Answer

DATA_DIR = "data/g6_data"
"""The directory that `g6.load` reads as well when nobody names one."""


def __getattr__(name: str) -> Callable[..., Answer]:
    """Return the function that asks a study."""
    try:
        study = table.by_name(name)
    except KeyError:
        raise AttributeError(
            f"g6.ask has no study {name!r}; it has {', '.join(__dir__())}"
        ) from None
    function = _function(study)
    # The next look-up finds it without coming here, and completion offers it with its signature.
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    """Return the names of the studies."""
    return sorted(study.name for study in table.STUDIES)


def _function(study: table.Study) -> Callable[..., Answer]:
    from g6.studies.parameters import made

    signature = _signature(study)

    def ask(*arguments: Any, **named: Any) -> Answer:
        from g6.bootstrap.study_readers import reader_of_directory
        from g6.entrypoints.python.answers import Answer

        values = dict(signature.bind(*arguments, **named).arguments)
        reader = reader_of_directory(study.reader, Path(values.pop("data_dir", DATA_DIR)))
        document: Any = study.answer(reader, made(study.parameters, values))
        return Answer(study.name, document)

    ask.__name__ = study.name
    ask.__qualname__ = study.name
    ask.__doc__ = _documentation(study)
    ask.__signature__ = signature  # type: ignore[attr-defined]
    return ask


def _signature(study: table.Study) -> Signature:
    """Return the study's parameters and the data directory, all but the index by name."""
    from g6.studies.parameters import fields_of

    arguments = []
    for field in fields_of(study.parameters):
        kind = (
            Argument.POSITIONAL_OR_KEYWORD
            if field.parameter.is_positional
            else Argument.KEYWORD_ONLY
        )
        default = Argument.empty if field.is_required else field.default
        arguments.append(Argument(field.name, kind, default=default, annotation=field.type))
    data_dir = Argument("data_dir", Argument.KEYWORD_ONLY, default=DATA_DIR, annotation=str | Path)
    return Signature([*arguments, data_dir])


def _documentation(study: table.Study) -> str:
    from g6.studies.parameters import fields_of

    fields = fields_of(study.parameters)
    sentences = [f"    {field.name}: {field.parameter.sentence}" for field in fields]
    lines = [study.sentence, "", "Args:", *sentences, "    data_dir: Where the rows are."]
    return "\n".join(lines)
