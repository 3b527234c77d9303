"""Real processes in a directory of their own: `g6` and `celery` as a person starts them, and what they left in files."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
import pyarrow.parquet as pq

from g6.adapters.data_dir.owner import owner
from g6.adapters.parquet import ParquetStore
from g6.adapters.redis.ledger import RedisLedger
from g6.adapters.redis.server import connect
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.words import Status
from tests.e2e.warm_commands import warm
from tests.waiting import eventually
from tests.worlds.ledger_check import Ledgered, check, stored_chains

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
LEAKS = (
    "G6_",
    "NO_COLOR",
    "FORCE_COLOR",
    "CELERY_",
    "REMAP_",
    "PYTEST_",
    "COV_",
    "PYTHONUNBUFFERED",
)
NOTHING: Mapping[str, str] = MappingProxyType({})
START = "2026-11-18T05:30:00Z"
SMALL = (
    "--set",
    "collection.scope=window",
    "--set",
    "index_params.NIFTY.strikes_itm=5",
    "--set",
    "index_params.NIFTY.strikes_otm=5",
)
"""One index of few strikes is quick on a busy machine too."""
COMMAND_SECONDS = 200.0
"""The longest that a command runs or a process takes to end: it only ends a wait without hope."""
BOTH = ("NIFTY", "SENSEX")
"""The indices of worlds that are `configured`."""


def clean_environment(**more: str) -> dict[str, str]:
    """Return this process's environment without anything that would configure G6, and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEAKS)}
    return (
        kept
        | {"COLUMNS": "200", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "C_FORCE_ROOT": "1"}
        | more
    )


@dataclass(slots=True)
class Child:
    """A started command: its output in a file, a session of its own, ended with the world."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", errors="replace")

    def kill(self) -> None:
        """SIGKILL to the whole process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait(COMMAND_SECONDS)

    def ends(self, number: signal.Signals, seconds: float = COMMAND_SECONDS) -> int:
        """Send a signal to the process alone; return its exit code. Raises when it hangs: longer than `seconds`."""
        self.popen.send_signal(number)
        return self.popen.wait(seconds)


@dataclass(slots=True)
class World:
    """A data directory, a working directory elsewhere, and the commands that were started in it."""

    base: Path
    environment: Mapping[str, str] = field(default_factory=clean_environment)
    children: list[Child] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.base / "rows"

    @property
    def elsewhere(self) -> Path:
        path = self.base / "elsewhere"
        path.mkdir(exist_ok=True)
        return path

    def g6(
        self, *arguments: str | Path, seconds: float = COMMAND_SECONDS, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one `g6` command on the world's data directory to its end."""
        return self.run("g6", [*arguments, "--data-dir", self.data], seconds, environment)

    def celery(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run one `celery -A g6` command to its end."""
        return self.run("celery", ["-A", "g6", *arguments])

    def run(
        self,
        program: str,
        arguments: Sequence[str | Path],
        seconds: float = COMMAND_SECONDS,
        environment: Mapping[str, str] = NOTHING,
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, on the directory that its arguments name."""
        # A command that is not waited for, of `start`, is a program of its own.
        place = warm().program if program == "g6" else BIN / program
        return subprocess.run(
            [str(place), *map(str, arguments)], cwd=self.elsewhere, env={**self.environment, **environment},
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip

    def start(self, name: str, program: str, *arguments: str | Path, **environment: str) -> Child:
        """Start a command and leave it running."""
        log = self.base / f"{name}.log"
        with log.open("ab") as output:
            popen = subprocess.Popen(
                [str(BIN / program), *map(str, arguments)], cwd=self.elsewhere, env={**self.environment, **environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        child = Child(name, popen, log)
        self.children.append(child)
        return child

    def start_g6(self, *arguments: str | Path) -> Child:
        """Start a `g6` command on the world's data directory."""
        return self.start("g6", "g6", *arguments, "--data-dir", self.data)

    def end(self) -> None:
        """End what still runs: in order first, so that what a supervisor started ends with it."""
        for child in self.children:
            if child.alive:
                child.popen.terminate()
        for child in self.children:
            with suppress(subprocess.TimeoutExpired):
                child.popen.wait(12)
            child.kill()
        for process in self.left_behind():
            process.kill()

    def left_behind(self) -> list[psutil.Process]:
        """Return the processes whose command, directory or environment names this world, zombies excepted."""
        return list(_naming(str(self.base)))

    def is_left_alone(self) -> None:
        """Wait until nothing of this world runs. Raises with the commands that still do."""
        with suppress(AssertionError):
            eventually(lambda: not self.left_behind())
        left = {process.pid: process.cmdline() for process in self.left_behind()}
        assert not left, left

    def broker(self) -> str:
        """Return the address of the embedded server, "" while there is none."""
        return str((owner(self.data) or {}).get("broker", ""))

    @contextmanager
    def ledger(self, url: str = "") -> Iterator[RedisLedger]:
        """Give the ledger, for waiting only; what is asserted comes from the files."""
        with connect(url or eventually(self.broker)) as client:
            yield RedisLedger(client)

    def overview(self) -> list[dict[str, str]]:
        """Return every overview row of the CSV files. One that is just being written is none yet."""
        rows: list[dict[str, str]] = []
        for path in sorted((self.data / "csv" / "overview").glob("*/*.csv")):
            whole, _, _ = path.read_text("utf-8").rpartition("\n")
            rows += list(csv.DictReader(whole.splitlines()))
        return rows

    def cycles(self) -> list[str]:
        """Return the cycles of which an index has an overview row in a CSV file, each once, in order.

        Their other rows and their chains may come a moment later: `whole` waits for all of it.
        """
        return sorted({row["timestamp"] for row in self.overview()})

    def is_stored(self, cycle: str, index: str) -> bool:
        """Return whether a unit is in the files: its overview row in both formats, and its chain."""
        store = ParquetStore(self.data)
        statuses = {row["underlying"]: row["status"] for row in store.read_overview(cycle)}
        written = {(row["timestamp"], row["index"]) for row in self.overview()}
        if index not in statuses or (cycle, index) not in written:
            return False
        has_chain = Status(str(statuses[index])).has_chain
        return not has_chain or store.read_chain(Unit(cycle, index)) is not None

    def whole(self, indices: Sequence[str] = BOTH) -> list[str]:
        """Return the cycles of which each of these indices is OK and stored, in order."""
        ended: dict[str, set[str]] = {}
        for row in self.overview():
            if row["status"] == "OK":
                ended.setdefault(row["timestamp"], set()).add(row["index"])
        cycles = sorted(cycle for cycle, names in ended.items() if names >= set(indices))
        # What was stored is stored: the newest ones alone may lack their chains.
        settled = len(cycles)
        while settled and not all(self.is_stored(cycles[settled - 1], name) for name in indices):
            settled -= 1
        return cycles[:settled]

    def newest(self, indices: Sequence[str] = BOTH) -> str:
        """Wait for a cycle of which each of these indices is OK and stored; return the newest."""
        return eventually(lambda: self.whole(indices), every=0.1)[-1]

    def told(self) -> tuple[list[str], list[Any]]:
        """Return the types of all stored events, in order, and what the newest panel of alerts holds."""
        paths = sorted((self.data / "events").glob("*/*.parquet"))
        types = [
            str(each)
            for path in paths
            for each in pq.read_table(path, columns=["type"], partitioning=None)["type"].to_pylist()
        ]
        panel = json.loads((self.data / "panels" / "alerts.json").read_text("utf-8"))
        return types, panel["data"]["alerts"]

    def chain(self, cycle: str, index: str) -> dict[str, list[Any]]:
        """Wait for a stored chain; return it by column.

        Its rows may have been folded into a file of the quarter hour meanwhile, which at twenty
        times the market's pace is over after 45 s.
        """
        chains = eventually(lambda: stored_chains(self.data, index, cycle[:10]).get(cycle))
        (table,) = chains or []
        return table.to_pydict()  # type: ignore[no-any-return]

    def parts(self, cycle: str, index: str) -> list[Path]:
        """Return the files that hold a unit's chain alone, none once they are folded."""
        return list(
            self.data.glob(
                f"chain/underlying={index}/date={cycle[:10]}/{cycle[11:].replace(':', '')}.parquet"
            )
        )

    def check(self, first: str, last: str, indices: Sequence[str], interval: int = 1) -> Ledgered:
        """Hold the files against the grid."""
        return check(self.data, first, last, interval, indices)


def _naming(directory: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                own = [process.cwd(), *process.cmdline(), *process.environ().values()]
                if (
                    process.pid != os.getpid()
                    and process.status() != psutil.STATUS_ZOMBIE
                    and any(directory in each for each in own)
                ):
                    yield process
        except psutil.Error:
            continue
