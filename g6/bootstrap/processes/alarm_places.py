"""Where the rules of people and the log of alarms are, without what reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from g6.config import Settings
from g6.domain.schema.layout import Folder

if TYPE_CHECKING:
    from g6.adapters.data_dir.alarm_log_file import AlarmLogFile
    from g6.adapters.data_dir.sqlite_salvage import Salvage

__all__ = [
    "alarm_log",
    "alarm_log_path",
    "has_alarms",
    "mend_alarm_log",
    "rules_path",
]

RULES_FILE = "alerts.toml"


def rules_path(settings: Settings) -> Path:
    """Return the file of rules, which may be absent."""
    if settings.alerts.rules_file is not None:
        return settings.alerts.rules_file
    config = settings.config_file
    return (Path("config") if config is None else config.parent) / RULES_FILE


def alarm_log_path(settings: Settings) -> Path:
    """Return where the log of a data directory is."""
    return settings.directory / Folder.OUTBOX / "alarms.sqlite"


def alarm_log(settings: Settings) -> AlarmLogFile:
    """Return the log of a data directory, opened. Whoever asks closes it.

    Raises:
        StoreBusy: The disk refuses the log.
    """
    from g6.adapters.data_dir.alarm_log_file import AlarmLogFile

    return AlarmLogFile(alarm_log_path(settings))


def mend_alarm_log(settings: Settings) -> Salvage:
    """Put what can be read of a damaged log into a new one, while no process evaluates rules.

    Raises:
        StoreBusy: The disk refuses.
        Unavailable: A running system holds the log. It mends the log when its process starts.
    """
    from g6.adapters.data_dir.alarm_log_file import AlarmLogFile
    from g6.bootstrap.processes.outbox_owner import outbox_owner

    path = alarm_log_path(settings)
    with outbox_owner(path, f"evaluates the rules over {settings.directory}"):
        return AlarmLogFile.mended(path)


def has_alarms(settings: Settings) -> bool:
    """Tell whether there are rules or channels of a person."""
    options = settings.alerts
    has_channels = options.channels is not None or options.channels_file is not None
    return has_channels or rules_path(settings).is_file()
