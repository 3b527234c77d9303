"""What differs between the settings a system was started with and those it would be started with now."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from g6.config import Settings, flat, load, values
from g6.entrypoints.machine.supervisor import aligned
from g6.entrypoints.workers.driving import PATHS
from g6.errors import UserError
from g6.masking import mask_setting


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting: its value and where that came from, in the system that runs and now."""

    path: str
    running: Any
    now: Any
    running_origin: str
    now_origin: str


def differences(record: Mapping[str, Any], settings: Settings) -> list[Difference]:
    """Return every setting whose value is not that of the system that runs; secrets are masked and not compared."""
    before, now = record.get("values", {}), flat(mask_setting(values(settings)))
    origins = record.get("origins", {})
    return [
        Difference(
            path,
            before.get(path),
            now.get(path),
            origins.get(path, "default"),
            settings.origin(path),
        )
        for path in now
        if path in before and _comparable(path, before[path]) != _comparable(path, now[path])
    ]


def restart_needed(record: Mapping[str, Any], settings: Settings) -> list[Difference]:
    """Return the settings that changed since the start, in the file it was started with or in the environment.

    What was given on either command line says nothing of a change, nor does a variable that this shell does not have.
    Errors: BadConfig (the file is there and wrong: a restart would fail).
    """
    return [
        difference
        for difference in differences(record, _as_it_would_start(record, settings))
        if "command line" not in (difference.running_origin, difference.now_origin)
        and not (
            difference.running_origin.startswith("env ")
            and not difference.now_origin.startswith("env ")
        )
    ]


def _as_it_would_start(record: Mapping[str, Any], settings: Settings) -> Settings:
    """Return the settings that the file of the start and this environment give now."""
    file = str(record.get("file", ""))
    same_host = record.get("host") == socket.gethostname()
    if same_host and file != str(settings.config_file or "") and (not file or Path(file).exists()):
        settings = load(file)
    if settings.provider.name != "sim":
        return settings
    if (
        record.get("origins", {}).get("interval") == "command line"
    ):  # the start lies on the grid of that interval again
        settings = settings.model_copy(update={"interval": record["values"]["interval"]})
    return aligned(settings)


def _comparable(path: str, value: Any) -> Any:
    """Return a value as it can be compared; a path by what it leads to, since two working directories spell it differently."""
    if isinstance(value, str) and path in PATHS:
        return str(Path(value).absolute())
    return value


def sentence(difference: Difference) -> str:
    """Return a difference as a person reads it: the value that runs and the one of now, each with where it came from."""
    before, now = json.dumps(difference.running), json.dumps(difference.now)
    return f"{difference.path}: {before} [{difference.running_origin}] -> {now} [{difference.now_origin}]"


def told_in_a_child(record: Mapping[str, Any] | None) -> list[str]:
    """Return why a restart is needed, asked by a process whose environment repeats every setting of its start.

    Only the file can have changed since for it. A start without any had the one in the working directory, or none.
    """
    if record is None or record.get("host") != socket.gethostname():
        return []
    try:
        return told(record, load(record.get("file") or None, {}, {}))
    except UserError as error:
        return [f"the configuration is wrong now: {error.sentence}"]


def told(record: Mapping[str, Any] | None, settings: Settings) -> list[str]:
    """Return why a restart is needed, one sentence each; nothing where it is not, or where nobody knows."""
    if record is None:
        return []
    try:
        return [sentence(difference) for difference in restart_needed(record, settings)]
    except UserError as error:
        return [f"the configuration is wrong now: {error.sentence}"]
