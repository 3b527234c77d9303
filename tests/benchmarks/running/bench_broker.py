"""The whole broker: 9,000 instruments, streamed by Kite's look-alike over three sockets, a cycle every five seconds.

    make bench-broker                      thirty minutes
    make bench-broker ARGS="--minutes 4"   for the shape

It runs the look-alike and `g6 up` on it and looks from outside. Collected are whole chains of every listed expiry of the seven indices
with options, and as many of an invented one as the three sockets have room for. Judged are the
instruments that are streamed, the quote requests over REST (none, once the stream stands), the seconds until a cycle is closed (2.5 at
p95), and memory over the second half. Writes benchmarks/broker.json; exit status 1 when something is not as it should be.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/benchmarks")]

from bench_report import load as load_average  # noqa: E402
from bench_report import surroundings  # noqa: E402

from tests.benchmarks.running.footprint import START, closed_cycles, look_alike, system  # noqa: E402
from tests.benchmarks.running.long_watch import closings, endings, wait_until, watch  # noqa: E402

EIGHT = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX", "NIFTYNXT50", "S05")
MOST_EXPIRIES = 18
EXPIRIES_OF_INVENTED = 6
"""With the seventh there would be more instruments than three connections take."""
LEAST_TOKENS = 8_500
INVENTED = 5
"""Invented indices that the look-alike serves, of which the last is collected."""
MOST_SECONDS = 2.5
WARM_CYCLES = 12
"""Cycles in which the stream begins: REST may be asked in them."""


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (30)")
    parser.add_argument("--interval", type=int, default=5, help="seconds between cycles (5)")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between samples (10)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/broker.json")
    return parser.parse_args()


def everything() -> dict[str, str]:
    """Return the settings that collect whole chains of every expiry, as environment variables."""
    variables = {"G6_COLLECTION__SCOPE": "chain"}
    for name in EIGHT:
        variables[f"G6_INDEX_PARAMS__{name}__ENABLED"] = "true"
        count = EXPIRIES_OF_INVENTED if name == EIGHT[-1] else MOST_EXPIRIES
        rules = ",".join(f"nth:{number}" for number in range(1, count + 1))
        variables[f"G6_INDEX_PARAMS__{name}__EXPIRIES"] = rules
    return variables


def asked(root: str, door: str = "", **words: object) -> Any:
    """Ask a control door of the look-alike."""
    url = f"{root}/_control{door}"
    content = json.dumps(words)
    answer = httpx.request("GET", url, content=content, timeout=30, trust_env=False)
    answer.raise_for_status()
    return answer.json()


def seen_by(root: str) -> dict[str, Any]:
    """Return how many instruments the look-alike streams, by connection, and the quote requests that came."""
    sizes = list(asked(root)["connections"].values())
    return {
        "connections": sizes,
        "tokens": sum(sizes),
        "quote_requests": len(asked(root, "/arrivals", family="quote")),
    }


def wrongs(document: dict[str, Any], rise_mb: float, *, is_flat: bool) -> list[str]:
    """Return a sentence for each thing that is not as it should be."""
    wrong = [
        f"{count} units ended {status}"
        for status, count in document["units"].items()
        if status != "OK"
    ]
    if document["tokens"] < LEAST_TOKENS:
        wrong.append(f"{document['tokens']} instruments are streamed, fewer than {LEAST_TOKENS}")
    if document["quote_requests"]:
        wrong.append(f"{document['quote_requests']} quote requests, there should be none")
    late = document["closed_seconds"].get("p95", float("inf"))
    if late > MOST_SECONDS:
        wrong.append(f"cycles close {late:.2f} s after their instant at p95")
    if not is_flat:
        wrong.append(f"memory rises by {rise_mb:.0f} MB over the second half")
    return wrong


def main() -> int:
    """Run, look, judge; return the exit status."""
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="g6-broker-", ignore_cleanup_errors=True) as base:
        rows = Path(base) / "rows"
        rows.mkdir()
        load_before = load_average()
        with look_alike(Path(base), "1", "--invented", str(INVENTED)) as environment:
            root = environment["G6_PROVIDER__ROOT"]
            options = ("--interval", str(given.interval))
            variables = environment | everything()
            with system(rows, options, variables) as supervisor:
                log = rows.parent / "up.log"
                wait_until(lambda: closed_cycles(rows) >= WARM_CYCLES, supervisor, log, 300.0)
                before = seen_by(root)
                seen = watch(supervisor, 60 * given.minutes, given.every)
                after = seen_by(root)
                taken = closings(rows)
        day = START.partition(" ")[0]
        units = endings(rows, day, EIGHT)
    document = surroundings() | {
        "minutes": given.minutes,
        "interval": given.interval,
        "load_before": load_before,
        "tokens": after["tokens"],
        "connections": after["connections"],
        "quote_requests": after["quote_requests"] - before["quote_requests"],
        "busy_cores": round(seen.busy_cores, 2),
        "memory_mb": {
            "first": round(seen.memory.values[0]),
            "most": round(max(seen.memory.values)),
        },
        "rise_of_second_half_mb": round(seen.memory.rise, 1),
        "units": dict(units),
        "closed_seconds": taken,
    }
    wrong = wrongs(document, seen.memory.rise, is_flat=seen.is_flat)
    document["wrong"] = wrong
    given.output.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    shown = {name: value for name, value in document.items() if name not in ("machine", "versions")}
    print(json.dumps(shown, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
