"""`make demo-influx`: a server, some cycles of the simulated market, and a query that shows the rows."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.running import clean_environment
from tests.integration.influx.time_series_server import (
    MISSING,
    PROGRAM,
    TimeSeriesServer,
    time_series_server,
)
from tests.waiting import eventually

FIELDS = ("strike", "last", "iv", "delta", "oi")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", default="3")
    parser.add_argument("--indices", default="NIFTY,BANKNIFTY")
    asked = parser.parse_args(arguments)
    if PROGRAM is None:
        sys.stderr.write(f"{MISSING}\n")
        return 2
    with tempfile.TemporaryDirectory() as folder, time_series_server(Path(folder)) as server:
        print(f"server   {server.url}")
        rows = Path(folder) / "rows"
        environment = clean_environment(G6_INFLUX__URL=server.url, G6_INFLUX__TOKEN="any")
        command = [sys.executable, "-m", "g6.entrypoints.cli"]
        run = [
            *command,
            "run",
            "--cycles",
            asked.cycles,
            "--provider",
            "sim",
            "--data-dir",
            str(rows),
        ]
        subprocess.run(
            [*run, "--interval", "5", "--indices", asked.indices], env=environment, check=True
        )
        status = [*command, "influx", "status", "--json", "--data-dir", str(rows)]

        def waiting() -> int:
            answer = subprocess.run(
                status, env=environment, check=True, capture_output=True, text=True
            )
            return int(json.loads(answer.stdout)["units"])

        print(f"waiting  {waiting()} units")
        for line in table(server):
            print(line)
        return 0 if len(table(server)) > 1 else 1


def table(server: TimeSeriesServer) -> list[str]:
    """Return the money strikes of NIFTY's nearest expiry, a line for each instant and side."""
    cells: dict[tuple[int, str], dict[str, float]] = {}

    def series() -> list[dict[str, object]]:
        return server.series("option_data")

    for one in eventually(series):
        labels: dict[str, str] = one["metric"]
        place = (labels["index"], labels["expiry_code"], labels["offset"])
        if place != ("NIFTY", "this_week", "0"):
            continue
        name = labels["__name__"].removeprefix("option_data_")
        for value, at in zip(one["values"], one["timestamps"], strict=True):
            cells.setdefault((at // 1000, labels["side"]), {})[name] = value
    lines = [f"{'instant':>12} side " + " ".join(f"{name:>12}" for name in FIELDS)]
    for (at, side), fields in sorted(cells.items()):
        figures = " ".join(f"{fields.get(name, float('nan')):12.6g}" for name in FIELDS)
        lines.append(f"{at:>12} {side:>4} {figures}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
