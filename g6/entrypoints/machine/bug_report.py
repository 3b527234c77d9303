"""One archive for a bug report: what the doctor found, settings, status, events and logs.

Secrets are struck out of every file, those that the settings hold and whatever looks like one.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from g6 import __version__
from g6.bootstrap.processes.running_code import code_on_disk
from g6.bootstrap.reading.study_readers import archive_reader, running_reader
from g6.bootstrap.settings_checks.own_secrets import own_secrets, without_secrets
from g6.config import Settings, config_id, flat, values
from g6.domain.documents.json_plain import json_plain
from g6.domain.documents.status import runtime_status
from g6.domain.schema.layout import Folder
from g6.entrypoints.machine.study_reading import status_reader
from g6.errors import G6Error, Unavailable
from g6.errors.masking import mask, mask_setting
from g6.log.rotation import log_files

LOG_BYTES = 200_000
"""Bytes of the end of each log file."""
EVENTS = 500
"""Events of the end of the bus."""
FOR_ITS_OWNER = 0o600


@dataclass(frozen=True, slots=True)
class BugReport:
    """What was written.

    Attributes:
        path: The archive.
        files: The names of its files.
        left_out: What could not be read, a sentence each.
    """

    path: Path
    files: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What a person is told."""
        missing = f"; left out: {'; '.join(self.left_out)}" if self.left_out else ""
        return f"{self.path}: {len(self.files)} files, secrets masked{missing}"


def write_bug_report(path: Path, settings: Settings, health: object) -> BugReport:
    """Write the archive.

    Args:
        path: A file that is not there yet.
        settings: The configuration.
        health: What the doctor's JSON says.

    Raises:
        Unavailable: The file is there, or cannot be written.
    """
    secrets = own_secrets(settings)
    names: list[str] = []
    left_out: list[str] = []
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_ITS_OWNER)
        with (
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name, content in _contents(settings, health):
                try:
                    text = content()
                except G6Error as error:
                    left_out.append(f"{name} ({error.sentence})")
                    continue
                archive.writestr(name, without_secrets(text, secrets))
                names.append(name)
    except OSError as error:
        reason = "it is there already" if isinstance(error, FileExistsError) else error.strerror
        raise Unavailable(
            f"the archive {path} cannot be written: {reason}", "name another file"
        ) from error
    return BugReport(path, tuple(names), tuple(left_out))


def _contents(settings: Settings, health: object) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the name of each file with the function that makes its text."""
    yield "doctor.json", lambda: _json(health)
    yield "versions.json", _versions
    yield "settings.json", lambda: _settings(settings)
    yield "status.json", lambda: _status(settings)
    yield "sizes.json", lambda: _json(archive_reader(settings).sizes())
    yield "events.jsonl", lambda: _events(settings)
    for file in log_files(settings.directory / Folder.LOGS):
        yield f"logs/{file.path.name}", lambda path=file.path: _end_of(path)  # type: ignore[misc]


def _json(value: object) -> str:
    # What is masked in a text is no JSON any more: `"api_key": null` became `"api_key": ***`.
    return json.dumps(mask(json_plain(value)), indent=2)


def _versions() -> str:
    packages: dict[str, str] = {}
    for package in distributions():
        packages[package.metadata["Name"]] = package.version
    facts = {
        "g6": __version__,
        "code": code_on_disk(),
        "python": sys.version,
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "packages": dict(sorted(packages.items())),
    }
    return _json(facts)


def _settings(settings: Settings) -> str:
    facts = {
        "config_id": config_id(settings),
        "file": str(settings.config_file or ""),
        "values": flat(mask_setting(values(settings))),
        "origins": dict(settings.origins),
    }
    return _json(facts)


def _status(settings: Settings) -> str:
    reader = status_reader(settings)
    return _json(runtime_status(reader.facts(), reader.restart_reasons()).to_json())


def _events(settings: Settings) -> str:
    """Return the newest events, a line of JSON each."""
    bus = running_reader(settings).bus
    lines: list[str] = []
    last = "0"
    while events := bus.read(last, count=EVENTS):
        last = events[-1].id
        for event in events:
            document = {"id": event.id, "ts": event.ts, "type": event.type, "key": event.key}
            lines.append(json.dumps(mask(document | {"payload": event.document}), default=str))
        del lines[:-EVENTS]
    return "\n".join(lines)


def _end_of(path: Path) -> str:
    """Return the end of a log file, from the beginning of a line on."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_BYTES))
            content = file.read()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    whole = content if size <= LOG_BYTES else content[content.find(b"\n") + 1 :]
    # Line by line: a mask of an address reaches to the end of what it is given.
    return "\n".join(map(mask, whole.decode("utf-8", errors="replace").split("\n")))
