"""Prometheus and Alertmanager beside one system: their files, and the commands that start them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from g6.adapters.redis.server import free_port
from g6.config import Settings
from g6.domain.schema.layout import Folder
from g6.errors import Unavailable
from g6.files import replace
from g6.observability.generators import prometheus_files

PROGRAMS = {
    "prometheus": ("prometheus",),
    "alertmanager": ("prometheus-alertmanager", "alertmanager"),
}
"""What each program is called on PATH: Debian names Alertmanager after Prometheus."""
PACKAGES = "prometheus prometheus-alertmanager"
KEEP = "15d"


@dataclass(frozen=True, slots=True)
class Observers:
    """The programs that watch one system, ready to start.

    Attributes:
        commands: By name of the process.
        addresses: Where a person finds each, by the same names.
    """

    commands: Mapping[str, Sequence[str]]
    addresses: Mapping[str, str]


def prepare_observers(settings: Settings) -> Observers:
    """Write the files of both programs below the data directory.

    Raises:
        Unavailable: A program is not installed, or g6 serve has no port to read.
    """
    if not (settings.features.serve and settings.serve.metrics_port):
        raise Unavailable(
            "Prometheus reads the metrics of g6 serve, which has no port of its own here",
            "set features.serve=true and serve.metrics_port=9108",
        )
    programs = {name: _program(name) for name in PROGRAMS}
    directory = settings.directory / Folder.OBSERVERS
    rules = directory / "rules"
    rules.mkdir(parents=True, exist_ok=True)
    addresses = {
        "prometheus": _address(settings.observers.prometheus_port),
        "alertmanager": _address(settings.observers.alertmanager_port),
    }
    target = f"{settings.serve.host}:{settings.serve.metrics_port}"
    texts = {
        rules / "g6.yml": prometheus_files.rules_file(),
        directory / "prometheus.yml": prometheus_files.prometheus_settings(
            target, addresses["alertmanager"], token_file=_token_file(settings, directory)
        ),
        directory / "alertmanager.yml": prometheus_files.alertmanager_settings(
            settings.observers.webhook
        ),
    }
    for path, text in texts.items():
        replace(path, text.encode())
    commands = {
        "alertmanager": _alertmanager(programs["alertmanager"], directory, addresses),
        "prometheus": _prometheus(programs["prometheus"], directory, addresses),
    }
    pages = {name: f"http://{address}" for name, address in addresses.items()}
    return Observers(commands, pages)


def _token_file(settings: Settings, directory: Path) -> str:
    """Write the token of g6 serve where Prometheus reads it, and return the file, empty without."""
    if settings.serve.token is None:
        return ""
    path = (directory / "serve_token").absolute()
    replace(path, settings.serve.token.get_secret_value().encode(), 0o600)
    return str(path)


def _prometheus(program: str, directory: Path, addresses: Mapping[str, str]) -> Sequence[str]:
    return (
        program,
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'series'}",
        f"--storage.tsdb.retention.time={KEEP}",
        f"--web.listen-address={addresses['prometheus']}",
        # Both start at once, and what is sent before Alertmanager is found is lost: the watchdog
        # came a minute late.
        f"--rules.alert.resend-delay={prometheus_files.SCRAPE_SECONDS}s",
    )


def _alertmanager(program: str, directory: Path, addresses: Mapping[str, str]) -> Sequence[str]:
    return (
        program,
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'alerts'}",
        f"--web.listen-address={addresses['alertmanager']}",
        # Without this it opens port 9094 on every address for others of its kind.
        "--cluster.listen-address=",
    )


def _program(name: str) -> str:
    for candidate in PROGRAMS[name]:
        if path := shutil.which(candidate):
            return path
    raise Unavailable(
        f"{name} is not installed, and --with-observability starts it",
        f"apt-get install {PACKAGES}, or leave --with-observability out",
    )


def _address(port: int) -> str:
    return f"127.0.0.1:{port or free_port()}"
