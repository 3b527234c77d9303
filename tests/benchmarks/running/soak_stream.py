"""The stream for as long as asked: listeners come, go and stop reading; what `g6 serve` holds stays flat.

    make soak-stream                                fifteen minutes, 50 listeners, ten cycles a second
    make soak-stream ARGS="--minutes 2"             for the shape
    make soak-stream ARGS="--json soak.json"        the samples too

It runs a `g6 serve` over a Redis of its own and looks at it from outside and through /metrics. Of the listeners five are replaced
every five seconds, and one does not read for fifteen seconds, reads again, and is replaced. Events that who comes back can still be
sent fill up first (`serve.stream_events`, here 512, half a minute); flat means that a line through the second half rises by no more
than the limit printed beside it. Exits 1 when something rises, when a listener that reads lost a cycle or its connection, or when
one cycle in twenty was later than `--budget-p95-ms`.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from g6.config import load  # noqa: E402 (the checkout's own)
from g6.entrypoints.web.stream.stream_bench import ServedStream, served_stream  # noqa: E402
from g6.entrypoints.web.stream.stream_readers import StreamReaders  # noqa: E402
from tests.benchmarks.running.soak import Series  # noqa: E402

EVERY = 5.0
REPLACED = 5
STALLED_SECONDS = 15.0
EVENTS = 512
"""What is kept for who comes back: full after half a minute, so that a short run sees it flat."""
SAMPLE = re.compile(r"^(g6_\w+) ([\d.e+-]+)$", re.MULTILINE)
GAUGES = {
    "g6_sse_listeners": ("open", "listeners"),
    "g6_serial_cache_size": ("kept", "events"),
    "g6_adaptive_backlog_ratio": ("slowest", "backlogs"),
}


@dataclass
class Soak:
    """A server under listeners, and what was seen of it.

    Attributes:
        late_ms: From publication to a listener that reads.
        lost: Ends of cycles that a listener that reads did not get.
        stalls: How often a listener stopped reading.
    """

    served: ServedStream
    readers: StreamReaders
    clients: int
    rate: float
    size: int
    series: dict[str, Series] = field(default_factory=dict)
    late_ms: list[float] = field(default_factory=list)
    cycles: int = 0
    lost: int = 0
    stalls: int = 0
    begun: float = field(default_factory=time.monotonic)
    _stalled: socket.socket | None = None
    _stalled_since: float = 0.0

    def stretch(self) -> None:
        """Publish for a while to the same listeners, and count what each got."""
        self.readers.arrivals.clear()
        published: dict[str, float] = {}
        begun = time.monotonic()
        while (due := begun + len(published) / self.rate) < begun + EVERY:
            self.readers.read(max(0.0, due - time.monotonic()))
            cycle, at = self.served.publish(self.size)
            published[cycle] = at
        limit = time.monotonic() + EVERY
        while (
            len(self.readers.arrivals) < self.clients * len(published) and time.monotonic() < limit
        ):
            self.readers.read(0.01)
        late = [1e3 * (one.at - published[one.cycle]) for one in self.readers.arrivals]
        self.late_ms += late
        self.lost += self.clients * len(published) - len(late)
        self.cycles += len(published)

    def replace_some(self) -> None:
        """End some listeners and begin as many."""
        self.readers.close_some(REPLACED)
        self.readers.connect(self.served.host, self.served.port, self.clients - len(self.readers))

    def stall(self) -> None:
        """Keep a listener that does not read; after a while let it read, and begin another."""
        if self._stalled is not None and time.monotonic() - self._stalled_since < STALLED_SECONDS:
            return
        self.end_stall()
        stalled = socket.socket()
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.settimeout(10)
        stalled.connect((self.served.host, self.served.port))
        stalled.sendall(b"GET /events HTTP/1.1\r\nHost: soak\r\n\r\n")
        self._stalled = stalled
        self._stalled_since = time.monotonic()
        self.stalls += 1

    def end_stall(self) -> None:
        """Read what waits for the listener that did not, and close it."""
        if self._stalled is None:
            return
        self._stalled.setblocking(False)
        try:
            while self._stalled.recv(262_144):
                pass
        except BlockingIOError:
            pass
        self._stalled.close()
        self._stalled = None

    def look(self) -> None:
        """Take one sample of the server."""
        process = self.served.process
        with process.oneshot():
            self._note("server", "RSS MiB", process.memory_info().rss / 2**20)
            self._note("server", "threads", process.num_threads())
        self._note("server", "fds", process.num_fds())
        samples = self.metrics()
        for family, (name, unit) in GAUGES.items():
            self._note(name, unit, samples.get(family, 0.0))

    def metrics(self) -> dict[str, float]:
        """Return the samples without labels that the server has of its stream."""
        address = f"http://{self.served.host}:{self.served.metrics_port}/metrics"
        with urlopen(address, timeout=10) as answer:
            text = answer.read().decode()
        return {name: float(value) for name, value in SAMPLE.findall(text)}

    def _note(self, name: str, unit: str, value: float) -> None:
        one = self.series.setdefault(f"{name} {unit}", Series(name, unit))
        one.seconds.append(round(time.monotonic() - self.begun, 2))
        one.values.append(round(value, 3))

    def faults(self, budget_ms: float) -> list[str]:
        """Return a sentence for each thing that is not as it should be."""
        sentences = [
            f"{one.name}: {one.unit} rise by {one.rise:.2f}, at most {one.limit:.2f}"
            for one in self.series.values()
            if not one.flat
        ]
        if self.readers.ended:
            sentences.append(f"the server ended {self.readers.ended} connections that were read")
        if self.lost:
            sentences.append(f"{self.lost} ends of cycles did not reach a listener that reads")
        p95 = self.p95_ms()
        if not p95 <= budget_ms:
            sentences.append(
                f"p95 {p95:.0f} ms from publication to listener, at most {budget_ms:g}"
            )
        return sentences

    def p95_ms(self) -> float:
        """Return how late one cycle in twenty was, infinity where none arrived."""
        return float(np.percentile(self.late_ms, 95)) if self.late_ms else float("inf")


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=15.0, help="how long (15)")
    parser.add_argument("--clients", type=int, default=50, help="listeners that read (50)")
    parser.add_argument("--rate", type=float, default=10.0, help="cycles a second (10)")
    parser.add_argument("--size", type=int, default=2_048, help="bytes that change in each (2,048)")
    parser.add_argument("--budget-p95-ms", type=float, default=250.0, help="p95 at most (250)")
    parser.add_argument("--json", type=Path, help="write everything there")
    return parser.parse_args()


def show(series: Mapping[str, Series]) -> None:
    """Print what was seen."""
    table = Table("what", "", "first", "last", "2nd half", "may", "run", "")
    for one in series.values():
        figures = (
            f"{one.values[0]:.1f}",
            f"{one.values[-1]:.1f}",
            f"{one.rise:+.2f}",
            f"{one.limit:.2f}",
        )
        table.add_row(one.name, one.unit, *figures, one.drawn(), "flat" if one.flat else "rises")
    Console().print(table)


def main() -> int:
    """Run, look, judge."""
    options = arguments()
    settings = load("", {"serve.stream_events": EVENTS}, {})
    with served_stream(settings) as served, StreamReaders() as readers:
        served.publish(options.size)
        readers.connect(served.host, served.port, options.clients)
        soak = Soak(served, readers, options.clients, options.rate, options.size)
        while time.monotonic() < soak.begun + 60 * options.minutes:
            soak.stall()
            soak.stretch()
            soak.look()
            soak.replace_some()
        soak.end_stall()
    show(soak.series)
    faults = soak.faults(options.budget_p95_ms)
    print(
        f"{soak.cycles} cycles to {soak.clients} listeners: p95 {soak.p95_ms():.1f} ms, {soak.lost} lost; "
        f"{soak.stalls} listeners stopped reading"
    )
    print("; ".join(faults) if faults else "everything is flat and in time")
    if options.json:
        series = [asdict(one) | {"rise": one.rise} for one in soak.series.values()]
        facts = {
            "cycles": soak.cycles,
            "p95_ms": soak.p95_ms(),
            "lost": soak.lost,
            "faults": faults,
        }
        options.json.write_text(json.dumps(facts | {"series": series}, indent=1) + "\n", "utf-8")
    return int(bool(faults))


if __name__ == "__main__":
    raise SystemExit(main())
