"""The rows of the scale runs as constants, limits, a table and a plot."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

Row = Mapping[str, Any]

PARTS = {
    "beat": ("beat0",),
    "collect": ("collect",),
    "analytics": ("analytics",),
    "persist": ("persist",),
    "closing": ("aggregate", "maintenance+manual"),
    "redis": ("server",),
}
"""The processes of each part of the system, by the names of the runs."""
GROWTH = 1.25
"""What an option may cost of a row with four times as many or more, at the same number of processes."""
MEMORY_GROWTH = 1.2


def options_of(row: Row) -> float:
    """Return the options of a whole cycle."""
    return float(row["indices"] * row["options_median"])


def spent(row: Row, part: str) -> float:
    """Return the milliseconds of processor time that a part of the system takes for a cycle."""
    return float(sum(row["cpu"].get(name, 0.0) for name in PARTS[part]))


def all_spent(row: Row) -> float:
    """Return the milliseconds of processor time of a cycle."""
    return float(sum(row["cpu"].values()))


def microseconds(row: Row) -> float:
    """Return the processor time of an option."""
    return 1e3 * all_spent(row) / options_of(row)


def constants(rows: Sequence[Row]) -> dict[str, Any]:
    """Return what a cycle, a unit and an option cost, fitted to the rows; empty with fewer than three."""
    whole = [row for row in rows if row["options_median"]]
    if len(whole) < 3:
        return {}
    of_part: dict[str, dict[str, float]] = {}
    for part in PARTS:
        fit = _fit(whole, lambda row, part=part: spent(row, part))
        of_part[part] = {
            "cycle_ms": round(fit[0], 2),
            "unit_ms": round(fit[1], 3),
            "option_us": round(1e3 * fit[2], 1),
        }
    counted = [row for row in whole if row["commands"]]
    commands = _fit(counted, lambda row: float(row["commands"]), with_options=False)
    names = [
        name for part in ("collect", "analytics", "persist", "closing") for name in PARTS[part]
    ]
    pool = [row["pool_mb"][name] for row in whole for name in names if name in row["pool_mb"]]
    mains = [sum(row["main_mb"].values()) for row in whole]
    return {
        "processor": of_part,
        "commands": {"cycle": round(commands[0], 1), "unit": round(commands[1], 1)},
        "memory_mb": {
            "pool_process": round(max(pool), 1),
            "main_processes": round(statistics.median(mains), 1),
        },
    }


def as_python(told: Mapping[str, Any], date: str, machine: Mapping[str, Any]) -> str:
    """Return the constants as `g6/domain/cycles/capacity_constants.py` has them."""
    if not told:
        return "too few rows for constants\n"
    costs = "\n".join(
        f'        "{part}": TimeCost({cost["cycle_ms"]}, {cost["unit_ms"]}, {cost["option_us"]}),'
        for part, cost in told["processor"].items()
    )
    commands = told["commands"]
    return (
        f'    "{date}",\n    "{machine["cpu"]}, {machine["cores"]} cores",\n{costs}\n'
        f"COMMANDS = CommandCost({commands['cycle']}, {commands['unit']})\n"
        f"POOL_MEGABYTES = {told['memory_mb']['pool_process']}\n"
        f"MAIN_MEGABYTES = {told['memory_mb']['main_processes']}\n"
    )


def _fit(
    rows: Sequence[Row], value_of: Callable[[Row], float], *, with_options: bool = True
) -> list[float]:
    """Return what a cycle, a unit and an option add, none of them negative, by least relative error."""
    values = np.array([max(value_of(row), 1e-3) for row in rows])
    terms = [[1.0, row["indices"], options_of(row) if with_options else 0.0] for row in rows]
    solution, _ = nnls(np.array(terms) / values[:, None], np.ones(len(rows)))
    return [float(term) for term in solution]


def missed(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each limit that is missed: cost of an option, memory of a process, units not OK."""
    sentences = []
    for row in rows:
        others = {status: count for status, count in row["units"].items() if status != "OK"}
        if others:
            sentences.append(f"{_name(row)}: units ended {others}")
        smaller = [
            other
            for other in rows
            if other["processes"] == row["processes"]
            # A unit has a price of its own: options are compared within one of the two series.
            and (other["options"] == row["options"] or other["indices"] == row["indices"])
            and options_of(other) > 0
            and options_of(row) >= 4 * options_of(other)
        ]
        for other in smaller:
            ratio = microseconds(row) / microseconds(other)
            if ratio > GROWTH:
                sentences.append(
                    f"{_name(row)}: an option costs {ratio:.2f} times one of {_name(other)}"
                )
            for name, size in row["pool_mb"].items():
                least = other["pool_mb"].get(name, size)
                # A process holds the chain that it works on: that of ten thousand options is larger.
                if row["options"] == other["options"] and size > MEMORY_GROWTH * least:
                    sentences.append(
                        f"{_name(row)}: a process of {name} holds {size:.0f} MB, "
                        f"{least:.0f} at {_name(other)}"
                    )
    return sentences


def _name(row: Row) -> str:
    return f"{row['indices']} x {row['options']}, {row['processes']} processes"


HEADS = (
    "indices",
    "options of each",
    "analytics processes",
    "seconds apart",
    "closed p50 / p95, ms",
    "stored p50, ms",
    "processor ms a cycle",
    "µs an option",
    "commands",
    "MB a process",
    "load",
)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown, dated."""
    lines = [f"| {' | '.join(HEADS)} |", "|" + "---:|" * len(HEADS)]
    for row in rows:
        pools = row["pool_mb"].values()
        cycle = row["cycle"]
        cells = (
            str(row["indices"]),
            f"{row['options_median']:.0f}",
            str(row["processes"]),
            str(row["interval"]),
            f"{cycle.get('p50', float('nan')):.0f} / {cycle.get('p95', float('nan')):.0f}",
            f"{row['stored'].get('p50', float('nan')):.0f}",
            f"{all_spent(row):.0f}",
            f"{microseconds(row):.0f}" if options_of(row) else "",
            f"{row['commands'] or float('nan'):.0f}",
            f"{min(pools):.0f}–{max(pools):.0f}",
            f"{row['load']:.1f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    dates = sorted(row["date"] for row in rows)
    span = f"{dates[0]} to {dates[-1]}" if rows else "nothing measured"
    notes = [f"\nMeasured {span}."]
    notes += [f"- {sentence}" for sentence in missed(rows)]
    return "\n".join([*lines, *notes]) + "\n"


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw cost of an option and time of a cycle by the options of a cycle, a line for each number of processes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    cost, taken = figure.subplots(1, 2)
    for count in sorted({row["processes"] for row in rows}):
        of_count = sorted(
            (row for row in rows if row["processes"] == count and row["cycle"].get("p50")),
            key=options_of,
        )
        label = f"{count} analytics process{'es' if count > 1 else ''}"
        at = [options_of(row) for row in of_count]
        cost.plot(at, [microseconds(row) for row in of_count], "o-", label=label)
        taken.plot(at, [row["cycle"]["p50"] for row in of_count], "o-", label=label)
    for axes, head in (
        (cost, "processor time of an option, µs"),
        (taken, "cycle closed, ms (p50)"),
    ):
        axes.set_xscale("log")
        axes.set_xlabel("options of a cycle")
        axes.set_title(head)
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    cost.set_ylim(bottom=0)
    taken.set_yscale("log")
    figure.savefig(path, dpi=110)
