"""The status of the running system on a terminal: whole, or one cycle in a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite

from rich.table import Table
from rich.text import Text

from g6.config.source_table import source_named
from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.status import IndexStatus, RuntimeStatus
from g6.domain.market.calendar import day_of
from g6.domain.market.instants import with_indian_clocks
from g6.domain.reports import LoginFacts, ProviderFacts
from g6.domain.schema.provider_words import ProviderMode
from g6.rendering.parts import Line, Part, plain_table
from g6.rendering.wording import clock, countdown, counts_in_words, in_india, number

__all__ = ["status_line", "status_parts"]


def status_line(status: RuntimeStatus) -> str:
    """Return one cycle's status in a line."""
    indices: list[str] = []
    for facts in status.indices:
        end = " stale" if facts.stale else ""
        indices.append(f"{facts.index} {facts.status or '–'}/{facts.options}{end}")
    elapsed = "–" if status.elapsed is None else f"{status.elapsed:.2f} s"
    cycle = in_india(status.cycle) if status.cycle else "no cycle yet"
    return f"{cycle}  {elapsed}  {status.options:,} options  {' '.join(indices)}"


def status_parts(status: RuntimeStatus) -> Iterator[Part]:
    """Yield cycle, market and provider, what needs a restart, the indices, and the queues."""
    ready = "ready" if status.is_ready else f"not ready: {status.readiness_reason}"
    market = status.market
    provider = status.provider_facts
    yield f"cycle {in_india(status.cycle) if status.cycle else '–'}, {ready}"
    # Options trade on when the index stands still: the end of trading is no change of phase.
    change = market.closes if market.is_open else market.opens
    today = day_of(parse_z(status.timestamp))
    until = clock(parse_z(change), today) if change else "–"
    phase = f"market {market.phase or '–'} until {until}"
    yield f"{phase}, provider {_provider_name(status.provider, provider)}"
    for change in status.restart_needed:
        # A setting's value may hold brackets, which rich would take for marks.
        yield Text(f"restart needed: {change}")
    guards = _guards(provider)
    if guards:
        yield guards
    pressure = status.pressure
    if pressure is not None and pressure.level.effects:
        share = f"{pressure.share:.0%}" if isfinite(pressure.share) else "–"
        yield Line(f"memory {share} of the limit: {'; '.join(pressure.level.effects)}")
    for trouble in (provider.instruments or {}).values():
        yield Line(f"instruments: {trouble}")
    yield _indices_table(status.indices)
    if status.lost:
        yield f"lost {with_indian_clocks(', '.join(status.lost), today)}"
    queues = counts_in_words(status.queues)
    yield f"queues {queues or '–'}"
    if status.beats:
        beats = (name if is_up else f"{name} (silent)" for name, is_up in status.beats.items())
        yield Line(f"beats {', '.join(beats)}")


def _provider_name(name: str, provider: ProviderFacts) -> str:
    """Return the provider, its kind of market, and where its quotes come from now."""
    # Rows of a look-alike are those of a simulated market. It is called by what it is.
    is_look_alike = provider.mode == ProviderMode.SIM and not source_named(name).is_simulated
    kind = "a look-alike" if is_look_alike else provider.mode
    return ", ".join(dict.fromkeys(filter(None, [name, kind, provider.source])))


def _guards(provider: ProviderFacts) -> str:
    """Return token, breaker and budget of a guarded provider, nothing for one without guards."""
    clauses: list[str] = []
    if provider.login is not None:
        clauses.append(f"token {provider.login.state}{_token_end(provider.login)}")
    if provider.breaker:
        clauses.append(f"breaker {provider.breaker}")
    if provider.budget_left:
        requests = counts_in_words(provider.budget_left)
        clauses.append(f"requests left a minute {requests}")
    return "; ".join(clauses)


def _token_end(token: LoginFacts) -> str:
    if token.seconds_left:
        return f", ends in {countdown(token.seconds_left)}"
    return "" if token.is_valid else "; run g6 login"


def _indices_table(indices: Iterable[IndexStatus]) -> Table:
    table = plain_table()
    for heading in ("index", "status", "last", "options", "PCR", "age s", "", "source"):
        is_number = heading in ("last", "options", "PCR", "age s")
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
    for facts in indices:
        table.add_row(
            facts.index,
            _cell(facts.status),
            _cell(facts.ltp),
            _cell(facts.options),
            _cell(facts.pcr),
            number(facts.age_seconds, 1),
            "stale" if facts.stale else "",
            _cell(facts.source),
        )
    return table


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return number(value) if isinstance(value, float) else str(value)
