"""The status of the running system on a terminal: whole, or one cycle in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from g6.config.source_table import source_named
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instants import with_indian_clocks
from g6.domain.schema.provider_words import ProviderMode
from g6.rendering.parts import Line, Part, plain_table
from g6.rendering.wording import clock, countdown, counts_in_words, in_india, number

__all__ = ["status_line", "status_parts"]

StatusDocument = Mapping[str, Any]
"""The status document, or a part of it, as JSON has it."""


def status_line(status: StatusDocument) -> str:
    """Return one cycle's status in a line."""
    indices = [
        f"{name} {facts['status'] or '-'}/{facts['options']}{' stale' if facts['stale'] else ''}"
        for name, facts in status["indices_info"].items()
    ]
    elapsed = "-" if status["elapsed"] is None else f"{status['elapsed']:.2f} s"
    cycle = in_india(status["cycle"]) if status["cycle"] else "no cycle yet"
    return f"{cycle}  {elapsed}  {status['options_last_cycle']} options  {' '.join(indices)}"


def status_parts(status: StatusDocument) -> Iterator[Part]:
    """Yield cycle, market and provider, what needs a restart, the indices, and the queues."""
    ready = "ready" if status["readiness_ok"] else f"not ready: {status['readiness_reason']}"
    market = status["market"]
    provider = status["provider"]
    yield f"cycle {in_india(status['cycle']) if status['cycle'] else '-'}, {ready}"
    # Options trade on when the index stands still: the end of trading is no change of phase.
    change = market["closes"] if market["open"] else market["opens"]
    today = day_of(parse_z(status["timestamp"]))
    until = clock(parse_z(change), today) if change else "-"
    phase = f"market {market['phase'] or '-'} until {until}"
    yield f"{phase}, provider {_provider_name(provider)}"
    for change in status.get("restart_needed", ()):
        # A setting's value may hold brackets, which rich would take for marks.
        yield Text(f"restart needed: {change}")
    guards = _guards(provider)
    if guards:
        yield guards
    pressure = status.get("memory_pressure") or {}
    if pressure.get("effects"):
        share = f"{pressure['share']:.0%}" if pressure.get("share") is not None else "-"
        yield Line(f"memory {share} of the limit: {'; '.join(pressure['effects'])}")
    for trouble in (provider.get("instruments") or {}).values():
        yield Line(f"instruments: {trouble}")
    yield _indices_table(status["indices_info"])
    if lost := status.get("lost"):
        yield f"lost {with_indian_clocks(', '.join(lost), today)}"
    queues = counts_in_words(status["queues"])
    yield f"queues {queues or '-'}"


def _provider_name(provider: StatusDocument) -> str:
    """Return the provider, its kind of market, and where its quotes come from now."""
    name = provider["name"]
    mode = provider.get("mode")
    # Rows of a look-alike are those of a simulated market. It is called by what it is.
    is_of_itself = name is not None and source_named(name).is_simulated
    kind = "a look-alike" if mode == ProviderMode.SIM and not is_of_itself else mode
    return ", ".join(dict.fromkeys(filter(None, [name, kind, provider.get("source")])))


def _guards(provider: StatusDocument) -> str:
    """Return token, breaker and budget of a guarded provider, nothing for one without guards."""
    clauses: list[str] = []
    token = provider.get("login")
    if token:
        clauses.append(f"token {token['state']}{_token_end(token)}")
    if provider.get("breaker"):
        clauses.append(f"breaker {provider['breaker']}")
    budget = provider.get("budget_left")
    if budget:
        requests = counts_in_words(budget)
        clauses.append(f"requests left a minute {requests}")
    return "; ".join(clauses)


def _token_end(token: StatusDocument) -> str:
    seconds = token.get("seconds_left")
    if seconds:
        return f", ends in {countdown(seconds)}"
    return "" if token["state"] == "valid" else "; run g6 login"


def _indices_table(indices: StatusDocument) -> Table:
    table = plain_table()
    for heading in ("index", "status", "last", "options", "PCR", "age s", "", "source"):
        is_number = heading in ("last", "options", "PCR", "age s")
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
    for name, facts in indices.items():
        table.add_row(
            name,
            _cell(facts["status"]),
            _cell(facts["ltp"]),
            _cell(facts["options"]),
            _cell(facts["pcr"]),
            _cell(facts["age_seconds"]),
            "stale" if facts["stale"] else "",
            _cell(facts["source"]),
        )
    return table


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return number(value) if isinstance(value, float) else str(value)
