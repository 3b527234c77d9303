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

from g6.errors.extras import optional
from g6.studies import table

if TYPE_CHECKING:
    from g6.entrypoints.python.answers import Answer
    from g6.studies.parameters import Field

SETTINGS = {"provider": "provider.name", "recording": "provider.recording"}
"""Settings that a study may be asked under, by the names of its arguments."""
SENTENCES = {"provider": "Where quotes come from.", "recording": "What to replay."}


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
    from g6.rendering.parts import view_of
    from g6.studies.parameters import made
    from g6.studies.study_limits import refuse_instant

    signature = _signature(study)

    def ask(*arguments: Any, **named: Any) -> Answer:
        from g6.entrypoints.machine.study_reading import directory_time, reader_of_directory
        from g6.entrypoints.python.answers import Answer
        from g6.entrypoints.python.stored_frames import directory_of
        from g6.rendering.answers.option_words import in_errors, of_python

        with in_errors(of_python(study)):
            refuse_instant(study.name, named)
        values = dict(signature.bind(*arguments, **named).arguments)
        place = values.pop("data_dir", None)
        directory = directory_of(place) if study.settings else None
        overrides = {path: values.pop(name) for name, path in SETTINGS.items() if name in values}
        # The figures of some studies need scipy, which an extra brings.
        with optional(), in_errors(of_python(study)):
            reader = reader_of_directory(study.reader, directory, overrides)
            parameters: Any = made(study.parameters, values, directory_time(directory))
            document: Any = study.answer(reader, parameters)
        view: object = made(view_of(study.name), values)
        return Answer(study.name, document, _certificate(directory, document), view)

    ask.__name__ = study.name
    ask.__qualname__ = study.name
    ask.__doc__ = _documentation(study)
    ask.__signature__ = signature  # type: ignore[attr-defined]
    return ask


def _certificate(directory: Path | None, document: object) -> str:
    """Return what names the certificate of the day of a document's cycle, empty without one."""
    cycle = getattr(document, "cycle", None)
    if directory is None or not isinstance(cycle, str) or not cycle:
        return ""
    from g6.bootstrap.reading.study_readers import certificate_names
    from g6.domain.cycles.cycle import parse_z
    from g6.domain.market.calendar import day_of

    return certificate_names(directory)(day_of(parse_z(cycle)))


def _signature(study: table.Study) -> Signature:
    """Return the study's parameters, view and settings, all but what is positional by name."""
    arguments = []
    for field in _fields(study):
        kind = (
            Argument.POSITIONAL_OR_KEYWORD
            if field.parameter.is_positional
            else Argument.KEYWORD_ONLY
        )
        default = Argument.empty if field.is_required else field.default
        arguments.append(Argument(field.name, kind, default=default, annotation=field.type))
    if study.settings:
        kind = Argument.KEYWORD_ONLY
        arguments += [
            Argument(name, kind, default=None, annotation=str | Path | None)
            for name in ("data_dir", *_settings(study))
        ]
    return Signature(sorted(arguments, key=lambda argument: argument.kind))


def _fields(study: table.Study) -> list[Field]:
    """Return the parameters of a study, and those of what is shown of its answer."""
    from g6.rendering.parts import view_of
    from g6.studies.parameters import fields_of

    return [*fields_of(study.parameters), *fields_of(view_of(study.name))]


def _settings(study: table.Study) -> list[str]:
    """Return the settings beside the data directory that a study can be asked under."""
    names = [setting.removesuffix("*") for setting in study.settings]
    return [name for name in names if name in SETTINGS]


def _documentation(study: table.Study) -> str:
    from g6.rendering.answers.option_words import of_python

    sentences = [f"    {field.name}: {field.parameter.sentence}" for field in _fields(study)]
    if study.settings:
        sentences.append("    data_dir: Where the rows are, as in `g6.load`.")
        sentences += [f"    {name}: {SENTENCES[name]}" for name in _settings(study)]
    lines = [study.sentence, "", "Args:", *sentences]
    return of_python(study)("\n".join(lines))
