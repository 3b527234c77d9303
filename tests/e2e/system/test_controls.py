"""Switches of a running system, and looking into it."""

from __future__ import annotations

import json
import math
import os
import time
from datetime import timedelta
from typing import Any

import pytest

from g6.domain.cycles.cycle import isoformat_z, parse_z
from tests.e2e.conftest import SMALL
from tests.e2e.running import World
from tests.waiting import eventually


def begun(world: World) -> str:
    """Return the newest cycle that has begun, whether it is stored yet or not."""
    with world.ledger() as ledger:
        return max([*world.cycles(), *(record.cycle for record in ledger.open_cycles())])


def whole_after(world: World, since: str) -> str:
    """Wait for a cycle after `since` that is whole and stored; return it."""
    later = eventually(lambda: [each for each in world.whole() if each > since], 200.0, every=0.1)
    return later[0]


def volatilities(world: World, cycle: str) -> list[float]:
    return [
        value
        for value in world.chain(cycle, "NIFTY")["ce_iv"]
        if value is not None and not math.isnan(value)
    ]


def becomes(world: World, since: str, ends: tuple[str, str]) -> str:
    """Return the first cycle after `since` in which every index ended so."""

    def found() -> str:
        rows = [row for row in world.overview() if row["timestamp"] > since]
        cycles = sorted({row["timestamp"] for row in rows})
        return next(
            (
                each
                for each in cycles
                if {(row["status"], row["reason"]) for row in rows if row["timestamp"] == each}
                == {ends}
            ),
            "",
        )

    return eventually(found, every=0.1)


def test_greeks_off_holds_from_the_next_cycle_on_while_quotes_go_on(live: World) -> None:
    done = live.g6("control", "greeks", "off")
    assert (done.returncode, json.loads(done.stdout)["greeks"]) == (0, False)
    later = whole_after(live, begun(live))
    assert volatilities(live, later) == []
    assert any(live.chain(later, "NIFTY")["ce_last"])
    live.g6("control", "greeks", "on")
    back = whole_after(live, begun(live))
    assert volatilities(live, back)


def test_paused_cycles_are_skipped_and_say_so_until_it_is_lifted(live: World) -> None:
    live.g6("control", "paused", "all")
    paused = becomes(live, live.cycles()[-1], ("SKIPPED", "paused"))
    live.g6("control", "paused", "none")
    assert becomes(live, paused, ("OK", "")) > paused


def test_a_switch_that_is_none_is_refused(live: World) -> None:
    done = live.g6("control", "greeks", "maybe")
    assert (done.returncode, "g6 control greeks on|off" in done.stderr) == (2, True)


def test_ps_shows_workers_and_every_queue(live: World) -> None:
    def seen() -> dict[str, Any]:
        return dict(json.loads(live.g6("ps", "--json").stdout))

    assert set(seen()["queues"]) == {
        "collect",
        "analytics",
        "persist",
        "aggregate",
        "manual",
        "maintenance",
        "unreadable",
    }
    # A worker that gets no processor for seconds is shown as down until its next sign.
    eventually(lambda: workers_up(seen()) >= {"cycle", "persist", "closing"}, every=0.5)


def workers_up(seen: dict[str, Any]) -> set[str]:
    """Return the names of the workers that `g6 ps` shows as up."""
    return {name.partition("@")[0] for name, facts in seen["workers"].items() if facts["up"]}


def test_one_cycle_is_traced_in_a_running_system(live: World) -> None:
    cycle = live.newest()
    told = eventually(lambda: _persisted(live, cycle), every=0.2)
    assert told["opened"] <= told["fired"] <= told["closed"]
    for unit in told["units"].values():
        assert list(unit["stages"]) == ["collect", "analyse", "persist"]
        assert unit["stages"]["analyse"]["parts"]["compute"] > 0.0
        assert unit["expiries"]


def _persisted(world: World, cycle: str) -> dict[str, Any]:
    """Return what `g6 trace` says of a cycle once every unit of it is stored."""
    told: dict[str, Any] = json.loads(world.g6("trace", cycle, "--json").stdout)
    whole = all(unit["stages"].get("persist", {}).get("ended") for unit in told["units"].values())
    return told if whole else {}


def test_nothing_runs_and_nobody_is_asked_without_a_broker(world: World) -> None:
    done = world.g6("ps")
    assert done.returncode == 2
    assert "no G6 runs on" in done.stderr
    # Where another G6 runs on this machine, its directory is named instead of a start.
    assert "g6 up" in done.stderr or "--data-dir" in done.stderr


def test_a_steady_system_writes_one_info_line_a_cycle(live: World) -> None:
    # Tests before this one switched controls, and each switch is told in a line.
    since = live.cycles()[-1]
    lines = eventually(lambda: steady_lines(live, since), every=0.5)
    whole = [line for line in lines if is_whole(line)]
    assert all(line["trace"] for line in whole)
    assert all(line["level"] == "info" and line["process"] == "g6" for line in whole)
    # A busy machine is late at times and says so. Whatever else is told, nobody asked for.
    assert [line for line in lines if not is_whole(line) and not tells_of_lateness(line)] == []


STEADY = 3
"""Whole cycles from the first line that is judged to the last."""
LATENESS = frozenset(("late", "expired", "overrun", "no_worker", "no_beat", "time_limit"))
"""Reasons of units that a machine has which gives G6 no processor for seconds."""
ALERTS_OF_LATENESS = frozenset(("heartbeat", "stall", "clock", "worker"))


def is_whole(line: dict[str, Any]) -> bool:
    """Return whether a line of the log is that of a cycle of which every unit is OK."""
    return line["event"] == "cycle" and not line.get("not_ok")


def tells_of_lateness(line: dict[str, Any]) -> bool:
    """Return whether a line says by its own fields that something came late, or is over."""
    reasons = {end.rpartition(" ")[2] for end in line.get("not_ok", {}).values()}
    if line.get("reason"):
        reasons.add(line["reason"])
    if reasons:
        return reasons <= LATENESS
    return line.get("of") in ALERTS_OF_LATENESS or line["event"] == "gap.closed"


@pytest.mark.parametrize(
    ("line", "tells"),
    [
        (
            {"event": "cycle", "not_ok": {"NIFTY": "MISSING late", "SENSEX": "SKIPPED expired"}},
            True,
        ),
        ({"event": "cycle", "not_ok": {"NIFTY": "MISSING late", "SENSEX": "MISSING error"}}, False),
        ({"event": "stage", "status": "MISSING", "reason": "no_worker"}, True),
        ({"event": "stage", "status": "MISSING", "reason": "provider"}, False),
        ({"event": "no heartbeat for 21 s", "of": "heartbeat"}, True),
        ({"event": "gap.closed", "status": "OK", "reason": ""}, True),
        ({"event": "the disk is full", "of": "disk"}, False),
        ({"event": "another line of a cycle", "cycle": "2026-11-18T05:30:00Z"}, False),
    ],
)
def test_a_line_that_nothing_late_explains_is_not_excused(
    line: dict[str, Any], tells: bool
) -> None:
    assert tells_of_lateness(line) is tells


def steady_lines(world: World, since: str) -> list[dict[str, Any]]:
    """Return the lines from a whole cycle after `since` to a later one, empty while there are too few.

    Every cycle between the two has one line, whenever it was closed.
    """
    told = [json.loads(line) for line in world.g6("logs", "--json").stdout.splitlines()]
    told = [line for line in told if line["ts"]]
    whole = [place for place, line in enumerate(told) if is_whole(line) and line["cycle"] > since]
    if len(whole) < STEADY:
        return []
    first = whole[0]
    last = whole[STEADY - 1]
    cycles = sorted(line["cycle"] for line in told if line["event"] == "cycle")
    owed = grid(told[first]["cycle"], told[last]["cycle"])
    counts = {cycle: cycles.count(cycle) for cycle in owed}
    assert max(counts.values()) == 1, counts
    # The line of a cycle that nobody collected comes when the sweep has found it.
    return told[first : last + 1] if all(counts.values()) else []


def grid(first: str, last: str) -> list[str]:
    """Return the cycles from one to another."""
    step = timedelta(seconds=SMALL["interval"])
    count = (parse_z(last) - parse_z(first)) // step
    return [isoformat_z(parse_z(first) + n * step) for n in range(count + 1)]


def test_a_system_that_is_well_is_ready_and_gives_the_doctor_nothing_to_mend(live: World) -> None:
    def health() -> dict[str, Any] | None:
        done = live.g6("health", "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    found = eventually(health, every=0.5)
    assert found is not None
    assert found["ready"]
    assert all(part["ok"] for part in found["parts"])
    assert found["latency"]["cycle"]["p95_ms"] > 0.0
    # What a busy machine delays for seconds is a finding for as long.
    said = eventually(lambda: well(live), every=1.0)
    assert "all is well" in said


def well(world: World) -> str:
    """Return what the doctor says when it finds nothing to mend."""
    done = world.g6("doctor")
    return done.stdout if done.returncode == 0 else ""


def test_a_process_log_of_yesterday_begins_anew_while_the_process_lives(live: World) -> None:
    logs = live.data / "logs"
    (logs / "serve.log").write_text("what it said yesterday\n", "utf-8")
    yesterday = time.time() - 86_400.0
    os.utime(logs / "serve.log", (yesterday, yesterday))
    (kept,) = eventually(lambda: list(logs.glob("serve-*.log")), every=0.2)
    eventually(lambda: kept.read_text("utf-8") == "what it said yesterday\n", every=0.2)
    eventually(lambda: (logs / "serve.log").read_text("utf-8") == "", every=0.2)
