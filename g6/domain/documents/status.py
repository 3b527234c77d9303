"""The runtime status: what a person or a script asks first, as one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.schema.words import ANALYSED, Status

SILENT_SECONDS = 20.0
"""Wall seconds without a heartbeat after which nobody is believed to work; three heartbeats where they are further apart."""

OLD_SECONDS = 30.0
"""Market seconds after which a quote is stale, where the running system does not say."""

PROVIDER_REASONS = frozenset(("provider", "breaker", "token"))
"""Reasons for which units go without quotes that speak of the provider."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the status is made of.

    `wall` epoch seconds, `market` the market's instant; `step` wall and `interval` market seconds between cycles; `provider` its
    name; `report`, `beat` and `gap` the newest payloads of cycle.report, heartbeat and gap.opened, with `ts` when they were sent;
    `last_success` wall time, 0 for never; `requests` to the provider by outcome; `phases` by exchange: open, phase, next_change;
    `trouble` with the bus; `refused`, why the status file could not be written.
    """

    wall: float
    market: datetime
    step: float
    interval: int
    indices: Sequence[str]
    provider: str
    report: Mapping[str, Any] = field(default_factory=dict)
    beat: Mapping[str, Any] = field(default_factory=dict)
    gap: Mapping[str, Any] = field(default_factory=dict)
    last_success: float = 0.0
    requests: Mapping[str, float] = field(default_factory=dict)
    phases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    next_cycle_wall: float | None = None
    trouble: str = ""
    refused: str = ""


def runtime_status(seen: Observed) -> dict[str, Any]:
    """Return the status document; what is not known is None. Instants are UTC, ages market seconds, the rest wall seconds."""
    report, missing = seen.report, readiness(seen)
    units = report.get("units") or {}
    options = sum((report.get("options") or {}).values())
    workers = (seen.beat.get("workers") or {}).values()
    sent = sum(seen.requests.values())
    return {
        "timestamp": isoformat_z(seen.market.replace(microsecond=0)),
        "cycle": report.get("cycle"),
        "elapsed": report.get("elapsed_seconds"),
        "interval": seen.interval,
        "sleep_sec": None
        if seen.next_cycle_wall is None
        else round(max(0.0, seen.next_cycle_wall - seen.wall), 3),
        "success_rate_pct": _percent(
            sum(status == Status.OK for status in units.values()), len(units)
        ),
        "options_last_cycle": options,
        "options_per_minute": round(options * 60.0 / seen.step, 1),
        "api_success_rate": _percent(seen.requests.get("ok", 0.0), sent),
        "memory_mb": _total(workers, "resident_bytes", 1e-6),
        "cpu_pct": _total(workers, "cpu_ratio", 100.0),
        "readiness_ok": not missing,
        "readiness_reason": "; ".join(missing),
        "indices": list(seen.indices),
        "indices_info": _indices(seen),
        "provider": _provider(seen),
        "queues": dict(seen.beat.get("queues") or {}),
        "market": _market(seen.phases),
        "last_gap": {name: value for name, value in seen.gap.items() if name != "ts"} or None,
    }


def readiness(seen: Observed) -> tuple[str, ...]:
    """Return what is missing before this system can be called ready; empty when nothing is."""
    missing = [
        f"{name}: {why}"
        for name, why in (("bus", seen.trouble), ("status file", seen.refused))
        if why
    ]
    silent = seen.wall - parse_z(seen.beat["ts"]).timestamp() if seen.beat else None
    if silent is None:
        missing.append("heartbeat: none yet")
    elif silent > max(
        SILENT_SECONDS, 3 * (seen.beat.get("plan") or {}).get("heartbeat_seconds", 0.0)
    ):
        missing.append(f"heartbeat: none for {silent:.0f} s")
    else:
        down = sorted(
            name
            for name, facts in (seen.beat.get("workers") or {}).items()
            if not facts.get("up", True)
        )
        missing += [f"worker: {name} is down" for name in down]
        refused = seen.beat.get("refused") or ()
        missing += [f"disk: rows are not stored: {fact['sentence']}" for fact in refused[:1]]
    reasons = set((seen.report.get("reasons") or {}).values())
    if (
        seen.report
        and not ANALYSED & set((seen.report.get("units") or {}).values())
        and reasons & PROVIDER_REASONS
    ):
        missing.append(
            f"provider: {', '.join(sorted(reasons & PROVIDER_REASONS))} in the last cycle"
        )
    missing += _feed_troubles(seen)
    if any(phase.get("open") for phase in seen.phases.values()):
        late = seen.wall - seen.last_success
        if not seen.last_success:
            missing.append("cycle: none closed yet")
        elif late > max(30.0, 3 * seen.step):
            missing.append(f"cycle: the last success was {late:.0f} s ago")
    return tuple(missing)


def _indices(seen: Observed) -> dict[str, dict[str, Any]]:
    rows = {row["underlying"]: row for row in seen.report.get("rows") or ()}
    options, units = seen.report.get("options") or {}, seen.report.get("units") or {}
    found = {}
    for name in dict.fromkeys([*seen.indices, *units]):
        row = rows.get(name, {})
        age = _age(seen, row)
        found[name] = {
            "ltp": row.get("spot"),
            "options": options.get(name, 0),
            "status": units.get(name),
            "age_seconds": None if age is None else round(age, 3),
            "pcr": row.get("pcr_nearest"),
            "source": row.get("quote_source") or None,
            "stale": None if age is None else _is_old(seen, row),
        }
    return found


def _age(seen: Observed, row: Mapping[str, Any]) -> float | None:
    """Return the market seconds since the newest instant of an index's own data, whenever that was received."""
    age = row.get("quote_age_seconds")
    return None if age is None else age + (seen.market - parse_z(row["timestamp"])).total_seconds()


def _is_old(seen: Observed, row: Mapping[str, Any]) -> bool:
    """Tell whether an index's data was older at its cycle's instant than a quote may be."""
    most = (seen.beat.get("plan") or {}).get("max_quote_age", OLD_SECONDS)
    return bool((row.get("quote_age_seconds") or 0.0) > most)


def _feed_troubles(seen: Observed) -> list[str]:
    """Return what keeps fresh data from coming: no token, a stream that is refused or away, quotes that have stopped."""
    provider = seen.beat.get("provider") or {}
    is_open = any(phase.get("open") for phase in seen.phases.values())
    token = (provider.get("login") or {}).get("state", "valid")
    troubles = [] if token == "valid" else [f"token: {token}; run g6 login"]  # noqa: S105 - a state, not a token
    for number, connection in ((provider.get("ticker") or {}).get("connections") or {}).items():
        state = connection["state"]
        if state == "refused" or (is_open and state != "open"):
            troubles.append(f"stream: connection {number} is {state}")
    if is_open:
        old = [row["underlying"] for row in seen.report.get("rows") or () if _is_old(seen, row)]
        troubles += [f"data: quotes of {', '.join(old)} have stopped"] if old else []
    return troubles


def _provider(seen: Observed) -> dict[str, Any]:
    facts = seen.beat.get("provider") or {}
    return {"name": seen.provider} | {
        name: facts.get(name)
        for name in ("mode", "source", "breaker", "budget_left", "login", "ticker", "instruments")
    }


def _market(phases: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One market of several exchanges: open while one is, in the phase of the first that is open, until the first change."""
    first = next(
        (phase for phase in phases.values() if phase.get("open")), next(iter(phases.values()), {})
    )
    changes = [phase["next_change"] for phase in phases.values() if phase.get("next_change")]
    return {
        "open": any(phase.get("open") for phase in phases.values()),
        "phase": first.get("phase"),
        "next_change": min(changes, key=parse_z) if changes else None,
    }


def _percent(part: float, whole: float) -> float | None:
    return round(100.0 * part / whole, 2) if whole else None


def _total(workers: Any, name: str, factor: float) -> float | None:
    known = [facts[name] for facts in workers if facts.get(name) is not None]
    return round(sum(known) * factor, 1) if known else None
