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
POOLS = tuple(
    name for part, names in PARTS.items() if part not in ("beat", "redis") for name in names
)
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
    """Return what a cycle, a unit, an option and a second cost, fitted to the rows; empty with fewer than four."""
    whole = [row for row in rows if row["options_median"]]
    if len(whole) < 4:
        return {}
    of_part: dict[str, dict[str, float]] = {}
    for part in PARTS:
        fit = _fit(whole, lambda row, part=part: spent(row, part))
        of_part[part] = {
            "cycle_ms": round(fit[0], 2),
            "unit_ms": round(fit[1], 3),
            "option_us": round(1e3 * fit[2], 1),
            "second_ms": round(fit[3], 2),
        }
    counted = [row for row in whole if row["commands"]]
    commands = _fit(counted, lambda row: float(row["commands"]), of_commands=True)
    return {
        "processor": of_part,
        "commands": {"cycle": round(commands[0], 1), "unit": round(commands[1], 1)},
        "memory": memory(whole),
    }


def memory(rows: Sequence[Row]) -> dict[str, Any]:
    """Return what processes and frames hold, of the rows that say so; empty with fewer than two."""
    told = [row for row in rows if row.get("frames")]
    if len(told) < 2:
        return {}
    largest = np.array([max(row["pool_mb"][name] for name in POOLS) for row in told])
    of_each = np.array([row["options_median"] / 1e3 for row in told])
    terms = np.stack([np.ones(len(told)), of_each], axis=1)
    (process, option), _ = nnls(terms / largest[:, None], np.ones(len(told)))
    mains = [sum(row["main_mb"].values()) - row["main_mb"]["server"] for row in told]
    redis = [row["main_mb"]["server"] - row["frames"]["all"] / 1e6 for row in told]
    frames = {
        name: statistics.median(row["frames"][name] / row["options_median"] for row in told)
        for name in ("quotes", "chain")
    }
    return {
        "pool": {"process_mb": round(float(process), 1), "option_kb": round(float(option), 2)},
        "main_mb": round(statistics.median(mains), 1),
        "redis_mb": round(statistics.median(redis), 1),
        "frames": {name: round(size, 1) for name, size in frames.items()},
    }


def as_python(told: Mapping[str, Any], date: str, machine: Mapping[str, Any]) -> str:
    """Return the constants as `g6/domain/cycles/capacity_constants.py` has them."""
    if not told:
        return "too few rows for constants\n"
    costs = "\n".join(
        f'        "{part}": TimeCost({", ".join(map(str, cost.values()))}),'
        for part, cost in told["processor"].items()
    )
    commands = told["commands"]
    text = (
        f'    "{date}",\n    "{machine["cpu"]}, {machine["cores"]} cores",\n{costs}\n'
        f"COMMANDS = CommandCost({commands['cycle']}, {commands['unit']})\n"
    )
    if held := told["memory"]:
        text += (
            f"POOL = MemoryCost({held['pool']['process_mb']}, {held['pool']['option_kb']})\n"
            f"MAIN_MEGABYTES = {held['main_mb']}\n"
            f"REDIS_MEGABYTES = {held['redis_mb']}\n"
            f"FRAMES = FrameCost({held['frames']['quotes']}, {held['frames']['chain']})\n"
        )
    return text


def _fit(
    rows: Sequence[Row], value_of: Callable[[Row], float], *, of_commands: bool = False
) -> list[float]:
    """Return what a cycle, a unit, an option and a second add, none negative, by least relative error.

    Commands of options and seconds are none: those of a second are taken off where they are counted.
    """
    values = np.array([max(value_of(row), 1e-3) for row in rows])
    terms = [[1.0, row["indices"]] for row in rows]
    if not of_commands:
        terms = [
            [*term, options_of(row), row["interval"]] for term, row in zip(terms, rows, strict=True)
        ]
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
                # Rows whose memory was measured again are compared with their like.
                is_like = row["options"] == other["options"] and _is_again(row) == _is_again(other)
                if is_like and size > MEMORY_GROWTH * least:
                    sentences.append(
                        f"{_name(row)}: a process of {name} holds {size:.0f} MB, "
                        f"{least:.0f} at {_name(other)}"
                    )
    return sentences


def _is_again(row: Row) -> bool:
    return "memory_tree" in row


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


INK, GRID, FIRST, SECOND = "#333333", "#dddddd", "#0b5fa5", "#c2410c"
"""Of text, of lines behind, of the two series: more indices, and more options of each."""
SHADES = {1: ("o", ":"), 2: ("s", "-"), 4: ("^", "--")}
"""Mark and line by the number of analytics processes."""
CLOSE = 0.055
"""Part of an axis' height within which two labels would stand on each other."""


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw the cost of an option, and the time of a cycle as indices and as options of each grow."""
    from matplotlib.figure import Figure

    shown = [row for row in rows if row["cycle"].get("p50")]
    indices = _series(shown, "options", "indices")
    options = _series(shown, "indices", "options")
    figure = Figure(figsize=(13, 4.4), layout="constrained")
    cost, wider, deeper = figure.subplots(1, 3)
    costs = [
        (FIRST, "more indices\nof 400 options", indices),
        (SECOND, "2 indices of\nmore options", options),
    ]
    for colour, label, series in costs:
        at = sorted({options_of(row) for row in series if row["processes"] == 2})
        of_two = sorted((row for row in series if row["processes"] == 2), key=options_of)
        cost.plot(at, [microseconds(row) for row in of_two], "-", color=colour, lw=1.8)
        for row in series:
            mark = SHADES[row["processes"]][0]
            cost.plot(options_of(row), microseconds(row), mark, color=colour, ms=5, mec="white")
        if of_two:
            _label(cost, of_two[-1], microseconds(of_two[-1]), label, colour)
    _dress(
        cost,
        "Processor time of an option, µs",
        "options of a cycle (processes: ● 1, ■ and line 2, ▲ 4)",
        options_of,
        shown,
    )
    cost.set_ylim(bottom=0)
    for axes, colour, series, name in (
        (wider, FIRST, indices, "indices"),
        (deeper, SECOND, options, "options"),
    ):
        _times(axes, colour, series, lambda row, name=name: float(row[name]))
    _dress(
        wider,
        "Cycle closed, ms (p50)",
        "indices of 400 options",
        lambda row: row["indices"],
        indices,
    )
    _dress(
        deeper,
        "Cycle closed, ms (p50)",
        "options of each of 2 indices",
        lambda row: row["options"],
        options,
    )
    figure.savefig(path, dpi=110)


def _series(rows: Sequence[Row], fixed: str, grown: str) -> list[Row]:
    """Return the rows of the commonest value of `fixed`: those in which `grown` grows."""
    common = statistics.mode(row[fixed] for row in rows) if fixed == "options" else 2
    return sorted((row for row in rows if row[fixed] == common), key=lambda row: row[grown])


def _times(axes: Any, colour: str, series: Sequence[Row], at: Callable[[Row], float]) -> None:
    """Draw a line for each number of analytics processes, each with its label at its end."""
    axes.set_yscale("log")
    ends = []
    for count, (mark, line) in SHADES.items():
        rows = [row for row in series if row["processes"] == count]
        if not rows:
            continue
        taken = [row["cycle"]["p50"] for row in rows]
        axes.plot([at(row) for row in rows], taken, mark + line, color=colour, lw=1.6, ms=5)
        ends.append((taken[-1], at(rows[-1]), f"{count} process{'es' if count > 1 else ''}"))
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, 1.5 * top)
    low, high = np.log(axes.get_ylim())
    above = -np.inf
    for value, place, label in sorted(ends):
        # Lines that end together have their labels one above the other.
        height = max((np.log(value) - low) / (high - low), above + CLOSE)
        above = height
        axes.annotate(
            label,
            (place, float(np.exp(low + height * (high - low)))),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=9,
        )


def _label(axes: Any, row: Row, value: float, text: str, colour: str) -> None:
    axes.annotate(
        text,
        (options_of(row), value),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        color=colour,
        fontsize=9,
    )


def _dress(
    axes: Any, head: str, below: str, at: Callable[[Row], float], rows: Sequence[Row]
) -> None:
    """Give axes their words, ticks at what was measured, and room for labels to the right."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    axes.set_title(head, loc="left", fontsize=10, color=INK)
    axes.set_xlabel(below, color=INK)
    axes.set_xscale("log")
    places = sorted({float(at(row)) for row in rows})
    shown: list[float] = []
    for place in places:
        if not shown or place > 1.8 * shown[-1]:
            shown.append(place)
    axes.set_xticks(shown, [f"{float(f'{place:.2g}'):,.0f}" for place in shown])
    axes.tick_params(labelsize=8)
    axes.xaxis.set_minor_locator(NullLocator())
    if axes.get_yscale() == "log":
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_minor_locator(NullLocator())
    if places:
        axes.set_xlim(places[0] / 1.3, places[-1] * (places[-1] / places[0]) ** 0.32)
    axes.grid(visible=True, color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
