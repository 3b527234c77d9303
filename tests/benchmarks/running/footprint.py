"""What `g6 up` holds in memory, by process, and how soon `g6 demo` shows a chain: `make footprint`.

Shared pages are counted once: a page of three processes is a third of a page of each (PSS). Those
of libraries are shared among the system's processes alone, whatever else has them in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

G6 = Path(sys.executable).parent / "g6"
START = "2026-11-20 11:00"
MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ (?P<offset>\S+) \S+ \S+\s*(?P<file>.*)$")
RESIDENT = re.compile(r"(?P<name>Rss|Anonymous):\s+(?P<kilobytes>\d+) kB")
FREE_PORTS = ("--set", "serve.metrics_port=0", "--set", "serve.web_port=0")
ROLES: Mapping[str, str] = {
    "supervisor": "starts, watches and ends the others; its terminal is yours",
    "fork server": "has G6 imported; the processes below are forked from it",
    "redis": "messages, ledger, frames, panels; only where no redis.broker_url is set",
    "cycle": "main process of queues collect, analytics and manual",
    "cycle pool": "one collects or analyses one index at a time (workers.cycle)",
    "persist": "main process of queue persist",
    "persist pool": "writes files; no cycle waits for it (workers.persist)",
    "closing": "main process of queues aggregate and maintenance",
    "closing pool": "closes cycles, sweeps; never behind collection (workers.closing)",
    "beat": "sends cycles and sweeps",
    "serve": "answers over HTTP (features.serve)",
    "ticker": "holds the streams of the broker (ticker.enabled)",
    "ticker helper": "forks what the ticker asks for, and a child that asks for yesterday's open interest",
}
"""What each process is for, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What one process holds.

    Attributes:
        own: Bytes that belong to no file, those that are shared with forked processes in their
            share.
        of_files: Bytes of programs and libraries that are in memory, by file and place in it.
    """

    own: int
    of_files: Mapping[tuple[str, str], int]


def memory_of(pid: int) -> Memory:
    """Return the memory of a process as the kernel tells it."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    own = sum(
        int(size) for size in re.findall(r"^Pss_(?:Anon|Shmem):\s+(\d+) kB", rollup, re.MULTILINE)
    )
    of_files: dict[tuple[str, str], int] = defaultdict(int)
    place = ("", "")
    for line in Path(f"/proc/{pid}/smaps").read_text("utf-8", "replace").splitlines():
        if mapping := MAPPING.match(line):
            place = (mapping["file"], mapping["offset"])
        elif place[0].startswith("/") and (size := RESIDENT.match(line)):
            sign = 1 if size["name"] == "Rss" else -1
            of_files[place] += 1024 * sign * int(size["kilobytes"])
    return Memory(1024 * own, of_files)


def shares(memories: Sequence[Memory]) -> list[int]:
    """Return the bytes of each process, what they share in their share, as if nothing ran beside.

    What the kernel calls PSS is less while other programs have the same libraries in memory: 30 MB
    of a system whose like ran in six other directories of the machine.
    """
    every = {place for memory in memories for place in memory.of_files}
    sizes = [memory.own for memory in memories]
    for place in every:
        resident = [memory.of_files.get(place, 0) for memory in memories]
        together = sum(resident)
        for number, size in enumerate(resident):
            sizes[number] += max(resident) * size // together if together else 0
    return sizes


def role(process: psutil.Process, supervisor: psutil.Process) -> str:
    """Return what a process of a running `g6 up` is."""
    if process.pid == supervisor.pid:
        return "supervisor"
    words = process.cmdline()
    if any("redis-server" in word or "valkey-server" in word for word in words):
        return "redis"
    if words[:1] != ["g6"]:
        return "fork server"
    name = words[1].removesuffix("_process").replace("tick_stream", "ticker")
    parent = process.parent()
    if parent is None or parent.cmdline()[:2] != words[:2]:
        return name
    return "ticker helper" if name == "ticker" else f"{name} pool"


def footprint(supervisor: psutil.Process) -> dict[str, list[int]]:
    """Return the bytes of each process of a running system, by role."""
    roles: list[str] = []
    memories: list[Memory] = []
    for process in [supervisor, *supervisor.children(recursive=True)]:
        with suppress(psutil.Error, OSError):
            memory = memory_of(process.pid)
            roles.append(role(process, supervisor))
            memories.append(memory)
    by_role: dict[str, list[int]] = defaultdict(list)
    for name, size in zip(roles, shares(memories), strict=True):
        by_role[name].append(size)
    return dict(by_role)


@contextmanager
def look_alike(base: Path, speed: str, *options: str) -> Iterator[dict[str, str]]:
    """Run Kite's look-alike for the block, and yield the environment that points G6 at it."""
    command = [str(G6), "kite-server", "--start", START, "--speed", speed, "--print-env", *options]
    variables = base / "look-alike.env"
    with variables.open("w") as output, (base / "look-alike.log").open("w") as log:
        popen = subprocess.Popen(command, stdout=output, stderr=log, env=plain())
        try:
            while not (text := variables.read_text("utf-8")):
                time.sleep(0.2)
                if popen.poll() is not None:
                    raise SystemExit((base / "look-alike.log").read_text("utf-8"))
            named = re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE)
            yield plain() | dict(named) | {"G6_TICKER__ENABLED": "true"}
        finally:
            popen.send_signal(signal.SIGINT)
            popen.wait(30)


@contextmanager
def system(
    directory: Path, options: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[psutil.Process]:
    """Run `g6 up` for the block."""
    command = [G6, "up", "--data-dir", directory, *FREE_PORTS, *options]
    variables = dict(plain() if environment is None else environment)
    with (directory.parent / "up.log").open("w") as log:
        popen = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, env=variables)
        try:
            yield psutil.Process(popen.pid)
        finally:
            popen.send_signal(signal.SIGINT)
            popen.wait(30)


def plain() -> dict[str, str]:
    """Return this environment without anything that configures G6."""
    return {name: value for name, value in os.environ.items() if not name.startswith("G6_")}


def closed_cycles(directory: Path) -> int:
    """Return how many cycles are stored."""
    return len(list((directory / "overview").glob("*/*Z.parquet")))


def first_chain(options: Sequence[str]) -> float:
    """Return after how many seconds `g6 demo` had shown a chain, measured from outside."""
    with tempfile.TemporaryDirectory() as directory:
        began = time.monotonic()
        command = [G6, "demo", "--data-dir", f"{directory}/rows", *options]
        seconds = 0.0
        environment = plain() | {"PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, text=True, env=environment
        ) as demo:
            assert demo.stdout is not None
            for line in demo.stdout:
                if not seconds and "first chain after" in line:
                    seconds = time.monotonic() - began
                    demo.send_signal(signal.SIGINT)
        return seconds


def table(by_role: Mapping[str, Sequence[int]]) -> str:
    """Return the figures as Markdown."""
    lines = ["| process | number | MB each | MB | what it is for |", "|---|---:|---:|---:|---|"]
    for name, meaning in ROLES.items():
        if sizes := by_role.get(name):
            each, together = statistics.mean(sizes) / 1e6, sum(sizes) / 1e6
            lines.append(f"| {name} | {len(sizes)} | {each:.0f} | {together:.0f} | {meaning} |")
    sizes = [size for of_role in by_role.values() for size in of_role]
    lines.append(f"| together | {len(sizes)} | | {sum(sizes) / 1e6:.0f} | |")
    return "\n".join(lines)


def measured(rows: Path, speed: str, cycles: int, *, with_kite: bool) -> dict[str, list[int]]:
    """Return the bytes of each process of `g6 up` after some cycles, by role."""
    with ExitStack() as stack:
        environment = None
        options: tuple[str, ...] = ("--speed", speed)
        if with_kite:
            environment = stack.enter_context(look_alike(rows.parent, speed))
            options = ()
        supervisor = stack.enter_context(system(rows, options, environment))
        while closed_cycles(rows) < cycles:
            time.sleep(0.5)
            if not supervisor.is_running() or supervisor.status() == psutil.STATUS_ZOMBIE:
                raise SystemExit((rows.parent / "up.log").read_text("utf-8"))
        return footprint(supervisor)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=4, help="cycles before memory is read (4)")
    # Below 30 wall seconds between two cycles there are more processes than at a cycle a minute.
    parser.add_argument("--speed", default="2", help="market seconds per second (2)")
    parser.add_argument(
        "--kite", action="store_true", help="collect from Kite's look-alike, streamed"
    )
    parser.add_argument("--demos", type=int, default=5, help="demos that are timed (5)")
    parser.add_argument("--json", type=Path, help="write everything there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        rows = Path(base) / "rows"
        rows.mkdir()
        by_role = measured(rows, arguments.speed, arguments.cycles, with_kite=arguments.kite)
    print(table(by_role))
    seconds = [first_chain(()) for _ in range(arguments.demos)]
    if seconds:
        each = ", ".join(f"{value:.1f}" for value in seconds)
        print(f"first chain after {statistics.median(seconds):.1f} s (median of {each})")
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    if arguments.json:
        figures = {"bytes": by_role, "first_chain_seconds": seconds, "load": os.getloadavg()}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
