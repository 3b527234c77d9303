"""The whole broker: 9,000 instruments, streamed by Kite's look-alike over three sockets, a cycle every five seconds.

    make bench-broker                      thirty minutes
    make bench-broker ARGS="--minutes 4"   for the shape

It runs the look-alike and `g6 up` on it and looks from outside. Collected are whole chains of every listed expiry of the seven indices
with options, and as many of an invented one as the three sockets have room for. Judged are the
instruments that are streamed, the quote requests over REST (none, once the stream stands), the seconds until a cycle is closed (2.5 at
p95), and memory over the second half. Writes benchmarks/broker.json; exit status 1 when something is not as it should be.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

sys.path[:0] = [str(Path(__file__).resolve().parents[3])]

from tests.benchmarks.running.footprint import look_alike, system  # noqa: E402
from tests.benchmarks.running.long_watch import arguments, long_run  # noqa: E402

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


def wrongs(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each thing that is not as it should be with the whole broker."""
    if document["tokens"] < LEAST_TOKENS:
        yield f"{document['tokens']} instruments are streamed, fewer than {LEAST_TOKENS}"
    if document["quote_requests"]:
        yield f"{document['quote_requests']} quote requests, there should be none"
    late = document["closed_seconds"].get("p95", float("inf"))
    if late > MOST_SECONDS:
        yield f"cycles close {late:.2f} s after their instant at p95"


def main() -> int:
    """Run, look, judge; return the exit status."""
    given = arguments(__doc__, minutes=30.0, every=10.0, output="broker.json")
    with long_run(given) as run:
        base = run.rows.parent
        with look_alike(base, "1", "--invented", str(INVENTED)) as environment:
            root = environment["G6_PROVIDER__ROOT"]
            options = ("--interval", str(given.interval))
            with system(run.rows, options, environment | everything()) as supervisor:
                run.warm(supervisor, WARM_CYCLES, 300.0)
                before = seen_by(root)
                watched = run.watch(supervisor)
                after = seen_by(root)
        document = run.document(watched, EIGHT) | {
            "tokens": after["tokens"],
            "connections": after["connections"],
            "quote_requests": after["quote_requests"] - before["quote_requests"],
        }
    return run.finish(watched, document, wrongs(document))


if __name__ == "__main__":
    sys.exit(main())
