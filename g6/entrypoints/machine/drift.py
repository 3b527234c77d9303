"""Which settings differ between the start of a system and a start now."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from g6.config import Settings, flat, load, values
from g6.domain.schema.json_reading import part
from g6.entrypoints.machine.market_start import aligned
from g6.entrypoints.workers.driving import PATHS
from g6.errors import UserError
from g6.errors.masking import mask_setting

COMMAND_LINE = "command line"
"""The origin of a setting that an option of a command gave."""
ENVIRONMENT = "env "
"""What the origin of a setting begins with that a variable gave."""
DOTENV = " in "
OF_TERMINALS = "console."
"""What settings of each command's own terminal begin with."""

StartRecord = Mapping[str, object]
"""What a start wrote down as JSON: `values`, `origins`, `file`, `host`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting, with its value and origin in the running system and now."""

    path: str
    running: object
    now: object
    running_origin: str
    now_origin: str

    @property
    def sentence(self) -> str:
        """Both values as a person reads them, each with its origin."""
        before = f"{json.dumps(self.running)} [{self.running_origin}]"
        after = f"{json.dumps(self.now)} [{self.now_origin}]"
        return f"{self.path}: {before} -> {after}"

    @property
    def is_of_a_command_line(self) -> bool:
        """Whether a command line gave one of the two values, which is no change of the settings."""
        return COMMAND_LINE in (self.running_origin, self.now_origin)

    @property
    def is_a_moved_start(self) -> bool:
        """Whether a simulated market went on after what its directory had, as nobody chose."""
        return self.path == "market.start" and self.running_origin == self.now_origin == "default"

    @property
    def is_of_another_shell(self) -> bool:
        """Whether a variable gave the running value and this shell does not have it."""
        # A line of .env (`env NAME in FILE`) is there for every shell.
        was_variable = self.running_origin.startswith(ENVIRONMENT)
        was_variable = was_variable and DOTENV not in self.running_origin
        return was_variable and not self.now_origin.startswith(ENVIRONMENT)


def differences(record: StartRecord, settings: Settings) -> list[Difference]:
    """Return every setting whose value is not that of the running system.

    Secrets are masked on both sides, and so are not compared.
    """
    before = part(record, "values")
    origins = part(record, "origins")
    changed: list[Difference] = []
    for path, value in flat(mask_setting(values(settings))).items():
        # How a terminal shows things is nothing that a running system has to be restarted for.
        if path not in before or path.startswith(OF_TERMINALS):
            continue
        if _comparable(path, before[path]) == _comparable(path, value):
            continue
        origin = str(origins.get(path, "default"))
        changed.append(Difference(path, before[path], value, origin, settings.origin(path)))
    return changed


def changes_since_start(record: StartRecord, settings: Settings) -> list[Difference]:
    """Return the settings that changed in the file of the start or in the environment.

    What either command line gave says nothing of a change, nor does a variable that this shell
    does not have.

    Raises:
        BadConfig: The file is there and wrong, so that a restart would fail.
    """
    return [
        difference
        for difference in differences(record, _as_it_would_start(record, settings))
        if not (
            difference.is_of_a_command_line
            or difference.is_of_another_shell
            or difference.is_a_moved_start
        )
    ]


def _as_it_would_start(record: StartRecord, settings: Settings) -> Settings:
    """Return the settings that the file of the start and this environment give now."""
    file = str(record.get("file", ""))
    same_host = record.get("host") == socket.gethostname()
    if same_host and file != str(settings.config_file or "") and (not file or Path(file).exists()):
        settings = load(file)
    if not settings.source.is_simulated:
        return settings
    if part(record, "origins").get("interval") == COMMAND_LINE:
        # A start lies on the grid of its own interval. Started with --interval 5 and asked with
        # G6_INTERVAL=7, market.start was called changed, 05:30:00 to 05:30:02, both the default.
        settings = settings.model_copy(update={"interval": part(record, "values")["interval"]})
    return aligned(settings)


def _comparable(path: str, value: object) -> object:
    """Return a value to compare, a path as an absolute one."""
    if isinstance(value, str) and path in PATHS:
        return str(Path(value).absolute())
    return value


def restart_reasons(record: StartRecord | None, settings: Settings) -> list[str]:
    """Return why a restart is needed, one sentence a setting.

    Nothing is returned where there is no record of the start.
    """
    if record is None:
        return []
    try:
        return [change.sentence for change in changes_since_start(record, settings)]
    except UserError as error:
        return [f"the configuration is wrong now: {error.sentence}"]


def restart_reasons_in_child(record: StartRecord | None) -> list[str]:
    """Return why a restart is needed, for a process whose environment repeats its start's settings.

    Only the file can have changed for such a process, so the file alone is read. A start without a
    file had the one in the working directory, or none.
    """
    if record is None or record.get("host") != socket.gethostname():
        return []
    try:
        return restart_reasons(record, load(str(record.get("file") or "") or None, {}, {}))
    except UserError as error:
        return [f"the configuration is wrong now: {error.sentence}"]
