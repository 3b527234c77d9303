"""Draws what each panel of the dashboards shows, from a real Prometheus beside a short run.

    make dashboard-pictures                 five minutes; pictures in build/dashboards
    make dashboard-pictures ARGS="--minutes 10 --out DIR"

Debian has no Grafana. A panel is drawn as lines, bars or figures of its query's result, so that an
empty or an absurd one is seen. The exit status is 1 when a panel that needs nothing is empty.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import matplotlib as mpl

from g6.entrypoints.python.panel_stream import follow
from g6.observability.catalogue.dashboard import Dashboard, DashboardPanel
from g6.observability.catalogue.dashboards import DASHBOARDS
from tests.e2e.streaming_up import LOGIN, up
from tests.observe.prometheus import PROGRAM, WHY_NOT, Prometheus
from tests.observe.queries import filled
from tests.waiting import eventually
from tests.worlds.streaming import streaming
from tests.worlds.web.ports import free_port

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

OUTPUT = Path(__file__).parents[2] / "build/dashboards"
ACROSS = 3
ABSENT = ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "BANKEX")
SMALL = {
    **{f"index_params.{name}.enabled": False for name in ABSENT},
    **{
        f"index_params.{name}.{side}": 5
        for name in ("NIFTY", "SENSEX")
        for side in ("strikes_itm", "strikes_otm")
    },
    "collection.scope": "window",
    "interval": 5,
}

Series = list[dict[str, Any]]


def results(prometheus: Prometheus, panel: DashboardPanel, since: float) -> list[Series]:
    """Return what each query of a panel gives over the run."""
    answers: list[Series] = []
    for query in panel.queries:
        answer = httpx.get(
            f"{prometheus.url}/api/v1/query_range",
            params={
                "query": filled(query.expression, "30s"),
                "start": str(since),
                "end": str(time.time()),
                "step": "5",
            },
            timeout=20.0,
            trust_env=False,
        ).json()
        assert answer["status"] == "success", (panel.title, answer)
        answers.append(answer["data"]["result"])
    return answers


def points(series: dict[str, Any], since: float) -> tuple[list[float], list[float]]:
    """Return the seconds and the values of a series."""
    seconds = [float(at) - since for at, _ in series["values"]]
    return seconds, [float(value) for _, value in series["values"]]


def draw(axes: Axes, panel: DashboardPanel, answers: Sequence[Series], since: float) -> int:
    """Draw one panel and return how many series have a value in it."""
    shown = 0
    bars: list[tuple[str, float]] = []
    for query, answer in zip(panel.queries, answers, strict=True):
        for series in answer:
            labels = " ".join(str(value) for value in series["metric"].values())
            seconds, values = points(series, since)
            if not any(math.isfinite(value) for value in values):
                continue
            shown += 1
            name = f"{query.legend if '{' not in query.legend else ''} {labels}".strip()
            bars.append((name[-28:] or "value", values[-1]))
            if panel.kind not in {"stat", "table", "bargauge"}:
                axes.plot(seconds, values, linewidth=1.0, label=name[-28:])
    if panel.kind in {"stat", "table", "bargauge"}:
        # By number: two series of one name would lie on each other.
        axes.barh(range(len(bars)), [value for _, value in bars])
        axes.set_yticks(range(len(bars)), [name for name, _ in bars])
        for row, (_, value) in enumerate(bars):
            axes.text(0, row, f" {value:.4g}", va="center", fontsize=7)
    elif 0 < shown <= 8:
        axes.legend(fontsize=5, loc="upper left")
    needs = f" (needs {panel.needs})" if panel.needs else ""
    axes.set_title(f"{panel.title} [{panel.unit}]{needs}", fontsize=7)
    axes.tick_params(labelsize=6)
    if not shown:
        axes.text(0.5, 0.5, "EMPTY", ha="center", va="center", color="red")
    return shown


def sheet(prometheus: Prometheus, dashboard: Dashboard, since: float, out: Path) -> list[str]:
    """Draw a dashboard's panels on one sheet and return the titles of the empty ones."""
    rows = math.ceil(len(dashboard.panels) / ACROSS)
    figure, grid = plt.subplots(rows, ACROSS, figsize=(15, 3 * rows), squeeze=False)
    empty: list[str] = []
    for axes, panel in zip(grid.flat, dashboard.panels, strict=False):
        if not draw(axes, panel, results(prometheus, panel, since), since):
            empty.append(
                f"{dashboard.uid}: {panel.title}"
                + (f" (needs {panel.needs})" if panel.needs else "")
            )
    for axes in list(grid.flat)[len(dashboard.panels) :]:
        axes.set_axis_off()
    figure.tight_layout()
    figure.savefig(out / f"{dashboard.uid}.png", dpi=80)
    plt.close(figure)
    return empty


def main() -> int:
    """Run a system for some minutes and draw every dashboard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--out", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    if PROGRAM is None:
        print(WHY_NOT)
        return 2
    arguments.out.mkdir(parents=True, exist_ok=True)
    port = free_port()
    web = free_port()
    settings = SMALL | {"serve.metrics_port": port, "serve.web_port": web}
    with (
        tempfile.TemporaryDirectory(prefix="g6-pictures-") as directory,
        streaming(steady=True, settings=settings) as world,
        up(world, LOGIN),
        Prometheus(Path(directory) / "prometheus", f"127.0.0.1:{port}", seconds=5.0) as prometheus,
    ):
        eventually(lambda: prometheus.query("g6_index_spot"), 300.0, every=1.0)
        listener = follow(f"http://127.0.0.1:{web}")
        threading.Thread(target=list, args=(listener,), daemon=True).start()
        since = time.time()
        over = since + 60 * arguments.minutes
        eventually(lambda: time.time() > over, 120 * arguments.minutes, every=1.0)
        empty = [
            title
            for board in DASHBOARDS
            for title in sheet(prometheus, board, since, arguments.out)
        ]
        listener.close()
    print(f"{len(DASHBOARDS)} sheets in {arguments.out}")
    for title in empty:
        print(f"empty: {title}")
    return 1 if [title for title in empty if "(needs" not in title] else 0


if __name__ == "__main__":
    sys.exit(main())
