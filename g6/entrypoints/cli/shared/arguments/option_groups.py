"""Groups of options that several commands take, each declared once as a dataclass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar, get_args, get_type_hints

from g6.domain.market.instants import MarketTime
from g6.entrypoints.cli.shared.arguments import options as shared
from g6.entrypoints.cli.shared.arguments.study_command import argument_of
from g6.studies.parameters import Parameter as StudyParameter
from g6.studies.parameters import fields_of, made

CommandFunction = Callable[..., None]
C = TypeVar("C", bound=CommandFunction)


def spread(command: C) -> C:
    """Return a command that takes the fields of its dataclass parameters as options of their own.

    The options stand in `--help` where the parameter stands in the signature. typer reads the
    signature alone, so a dataclass by itself would be refused as an unknown type.
    """
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    arguments: list[Parameter] = []
    for argument in signature(command).parameters.values():
        if argument.name in groups:
            arguments += _options(groups[argument.name])
        else:
            arguments.append(argument.replace(annotation=hints[argument.name]))

    @wraps(command)
    def spread_command(*positional: Any, **options: Any) -> None:
        time = _time(dict(options))
        for name, group in groups.items():
            values = {field.name: options.pop(field.name) for field in fields(group)}
            of_study = _is_of_study(group)
            options[name] = made(group, values, time) if of_study else group(**values)
        command(*positional, **options)

    spread_command.__signature__ = Signature(arguments)  # type: ignore[attr-defined]
    spread_command.__annotations__ = {argument.name: argument.annotation for argument in arguments}
    return spread_command  # type: ignore[return-value]


def _time(options: Mapping[str, Any]) -> MarketTime:
    """Return what instants count from in the directory that a command line names."""

    # Only an instant such as `-5m` needs the settings: nobody else waits for them.
    def stored() -> MarketTime:
        from g6.bootstrap.reading.study_readers import market_time

        settings = shared.settings(
            options.get("config"), options.get("set_"), data_dir=options.get("data_dir")
        )
        return market_time(settings)

    return MarketTime(lambda: stored().now(), lambda: stored().latest(), lambda: stored().wall())


def _options(group: Any) -> list[Parameter]:
    """Return the fields of a group as keyword parameters with their defaults."""
    if _is_of_study(group):
        return [argument_of(field) for field in fields_of(group)]
    hints = get_type_hints(group, include_extras=True)
    arguments: list[Parameter] = []
    for field in fields(group):
        default = Parameter.empty if field.default is MISSING else field.default
        kind = Parameter.KEYWORD_ONLY
        annotation = hints[field.name]
        arguments.append(Parameter(field.name, kind, default=default, annotation=annotation))
    return arguments


def _is_of_study(group: Any) -> bool:
    """Tell whether a group holds the parameters of a study, which say how they are read."""
    hints = get_type_hints(group, include_extras=True)
    return all(isinstance(get_args(hint)[-1], StudyParameter) for hint in hints.values())
