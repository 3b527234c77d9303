"""The banner of a start: version, indices, interval, provider, health and addresses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from rich.console import Console

from g6 import __version__
from g6.config import Settings
from g6.domain.reports import ProviderFacts
from g6.entrypoints.machine.supervisor import Stack, pool_sizes
from g6.masking import mask_address
from g6.rendering.wording import countdown


def print_banner(console: Console, stack: Stack, *, serves: bool) -> None:
    """Print the banner unless `console.banner` is off.

    Every pool process has warmed up by then: the banner says how many are ready.
    """
    settings = stack.settings
    if settings.console.banner:
        free = shutil.disk_usage(settings.directory).free
        for line in lines(
            settings, stack.broker, stack.runtime.provider.describe(), free, serves=serves
        ):
            console.print(line, soft_wrap=True, markup=False, highlight=False)


def lines(
    settings: Settings, broker: str, provider: ProviderFacts, free_bytes: int, *, serves: bool
) -> Iterator[str]:
    """Yield the lines of the banner. `provider` holds what the provider says of itself."""
    indices = ", ".join(settings.indices)
    source = settings.provider.name
    yield f"G6 {__version__}: {indices} every {settings.interval} s from {source}"
    yield f"  health: {'; '.join(_health(settings, broker, provider))}"
    yield f"  rows: {settings.directory} ({free_bytes / 1e9:.1f} GB free)"
    if serves:
        yield f"  look: g6 status, {_ports(settings)}"


def _health(settings: Settings, broker: str, provider: ProviderFacts) -> Iterator[str]:
    yield f"{sum(pool_sizes(settings))} worker processes ready"
    yield f"Redis answers at {mask_address(broker)}"
    if login := provider.login:
        seconds_left = login.seconds_left
        valid = f"valid, ends in {countdown(seconds_left)}" if seconds_left else "valid"
        yield (
            f"access token {valid}"
            if login.is_valid
            else f"access token {login.state}, run g6 login"
        )


def _ports(settings: Settings) -> str:
    serve = settings.serve
    ports = {"metrics": serve.metrics_port, "status": serve.web_port}
    addresses = [f"http://{serve.host}:{port}/{page}" for page, port in ports.items() if port]
    return ", ".join(addresses) or f"addresses in {settings.directory / 'logs' / 'serve.log'}"
