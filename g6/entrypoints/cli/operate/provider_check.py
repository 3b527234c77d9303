"""`g6 check`: does the provider answer, with prices, and how quickly; in five seconds, with cause and fix."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, TypeVar

import typer

from g6.config import Settings
from g6.domain.reports import LoginFacts
from g6.entrypoints.cli.shared import options, terminal
from g6.errors import BadDump, G6Error, ProviderBusy, ProviderRefused, TokenDead
from g6.ports import Clock, Provider
from g6.ports.sources import Abilities, InstrumentDumps, abilities_of

T = TypeVar("T")

PATIENCE = 2.5
"""Seconds after which no question begins."""
REQUEST_SECONDS = 2.0

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="[PROVIDER]", help="sim, replay, kite …; without it, the configured one."
    ),
]


@dataclass(slots=True)
class Findings:
    """What was seen, question by question: (what, whether it is well, what was seen, what to do)."""

    lines: list[tuple[str, bool, str, str]] = field(default_factory=list)

    def ask(self, what: str, question: Callable[[], T], tell: Callable[[T], str]) -> T | None:
        """Ask and write down the answer, or its cause and fix; None when there was none."""
        began = time.monotonic()
        try:
            answer = question()
        except G6Error as error:
            cause, fix = cause_of(error)
            self.lines.append((what, False, f"{cause}: {error.sentence}", fix))
            return None
        self.lines.append(
            (what, True, f"{tell(answer)}, {1000 * (time.monotonic() - began):.0f} ms", "")
        )
        return answer

    @property
    def ok(self) -> bool:
        """Whether everything was well."""
        return all(line[1] for line in self.lines)


def cause_of(error: G6Error) -> tuple[str, str]:
    """Return the cause of a failed question in a word or two, and what to do about it."""
    match error:
        case TokenDead():
            return "token", error.fix
        case BadDump():
            return "instruments", error.fix
        case ProviderRefused():
            return (
                "entitlement",
                "see that the API key's plan has quote data, and that the key is spelt right",
            )
        case ProviderBusy(kind="network"):
            return (
                "network",
                "see that this machine reaches the provider (provider.root, proxy, DNS)",
            )
        case ProviderBusy(kind="timeout"):
            return (
                "network",
                "the provider is slow or not reached; raise provider.timeout if it stays so",
            )
        case ProviderBusy(kind="rate_limit"):
            return (
                "rate limit",
                "something else uses this API key's requests; one G6 alone shares them out",
            )
        case _:
            return getattr(error, "reason", "error"), "g6 status says how the running system fares"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    provider: Which = None,
    *,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    recording: options.Recording = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Ask the provider for the price of each index; exit 1, with cause and fix, when it cannot be collected from.

    Example: g6 check kite
    """
    name = None if provider == "provider" else provider
    settings = options.settings(config, set_, data_dir=data_dir, provider=name, recording=recording)
    found = findings(settings)
    if json_:
        names = ("what", "ok", "seen", "fix")
        typer.echo(
            json.dumps(
                {
                    "ok": found.ok,
                    "checks": [dict(zip(names, line, strict=True)) for line in found.lines],
                }
            )
        )
    else:
        console = terminal.console(settings)
        for what, well, seen, fix in found.lines:
            console.print(
                f"{'✓' if well else '✗'} {what}: {seen}" + (f"\n  fix: {fix}" if fix else ""),
                soft_wrap=True,
            )
    raise typer.Exit(0 if found.ok else 1)


def findings(settings: Settings) -> Findings:
    """Return what a provider answers: token, whose it is, a price of each index, the request budget."""
    from g6.bootstrap.guarding import guarded, shared_state
    from g6.bootstrap.sources import check_names, provider
    from g6.bootstrap.wiring import wire_if_running

    found = Findings()
    check_names(settings)
    if not settings.source.is_live:
        source = provider(wire_if_running(settings))
        _prices(found, settings, source, settings.market.start)
        return found
    wanted = settings.provider
    quick = {"timeout": min(wanted.timeout, REQUEST_SECONDS), "retries": 0}
    settings = settings.model_copy(update={"provider": wanted.model_copy(update=quick)})
    wiring = wire_if_running(settings)
    source = guarded(wiring, shared_state(wiring), wanted.name, wanted.root, wanted.name)
    abilities = abilities_of(source)
    with abilities.within(PATIENCE):
        if abilities.account is not None:
            _account(found, settings, abilities, wiring.clock)
        else:
            _prices(found, settings, source, wiring.clock.market())
    budget = source.describe().budget_left or {}
    found.lines.append(
        (
            "requests left in the next minute",
            True,
            ", ".join(f"{name} {left}" for name, left in budget.items()),
            "",
        )
    )
    return found


def _account(found: Findings, settings: Settings, abilities: Abilities, clock: Clock) -> None:
    from g6.domain.market.instrument import INDICES
    from g6.rendering.wording import countdown

    account = abilities.account
    if account is None:
        return
    token = account.describe().login or LoginFacts()
    left = f", {countdown(token.seconds_left)} left" if token.seconds_left else ""
    if found.ask("token", account.token, lambda _: f"{token.state}{left}") is None:
        return
    if (
        found.ask("account", account.profile, lambda told: str(told.get("user_id", "unknown")))
        is None
    ):
        return
    prices = found.ask("prices", lambda: account.last_prices(settings.indices), _shown)
    for name in settings.indices:
        if prices is not None and not prices.get(name):
            found.lines.append(
                (
                    name,
                    False,
                    "no price came",
                    "see that the API key's plan has quote data of this exchange",
                )
            )
    for exchange in sorted(
        {INDICES[name].derivatives for name in settings.indices if name in INDICES}
    ):
        count = partial(account.instruments, exchange, clock.market())
        found.ask(f"instruments of {exchange}", count, partial(_listed, abilities.dumps, exchange))


def _prices(found: Findings, settings: Settings, source: Provider, at: datetime) -> None:
    for name in settings.indices:
        found.ask(
            name,
            lambda name=name: source.underlying(name, at).spot,  # type: ignore[misc]
            lambda spot: f"{spot:,.2f}",
        )


def _listed(dumps: InstrumentDumps | None, exchange: str, contracts: int) -> str:
    """Return how many contracts a dump lists, and what is wrong with it."""
    note = "" if dumps is None else dumps.facts().get(exchange)
    return f"{contracts:,} contracts" + (f" ({note})" if note else "")


def _shown(prices: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {price:,.2f}" for name, price in prices.items()) or "none"
