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
from typing import Any

import psutil
import pyarrow.parquet as pq

from g6.adapters.data_dir.owner import owner
from g6.adapters.redis.ledger import RedisLedger
from g6.adapters.redis.server import connect
from tests.e2e.warm_commands import warm
from tests.waiting import eventually
from tests.worlds.ledger_check import Ledgered, check

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
        self.popen.wait(10)

    def ends(self, number: signal.Signals, seconds: float = 30.0) -> int:
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
        self, *arguments: str | Path, seconds: float = 60.0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one `g6` command on the world's data directory to its end."""
        return self._run("g6", [*arguments, "--data-dir", self.data], seconds, environment)

    def celery(
        self, *arguments: str | Path, seconds: float = 60.0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one `celery -A g6` command to its end."""
        return self._run("celery", ["-A", "g6", *arguments], seconds, environment)

    def _run(
        self,
        program: str,
        arguments: Sequence[str | Path],
        seconds: float,
        environment: Mapping[str, str],
    ) -> subprocess.CompletedProcess[str]:
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

    def is_left_alone(self, seconds: float = 2.0) -> None:
        """Wait until nothing of this world runs. Raises with the commands that still do."""
        with suppress(AssertionError):
            eventually(lambda: not self.left_behind(), seconds)
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
        """Return every overview row of the CSV files."""
        rows: list[dict[str, str]] = []
        for path in sorted((self.data / "csv" / "overview").glob("*/*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                rows += list(csv.DictReader(file))
        return rows

    def cycles(self) -> list[str]:
        """Return the cycles that have an overview row, each once, in order."""
        return sorted({row["timestamp"] for row in self.overview()})

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
        """Return a stored chain by column."""
        (path,) = self.parts(cycle, index)
        return pq.read_table(path, partitioning=None).to_pydict()  # type: ignore[no-any-return]

    def parts(self, cycle: str, index: str) -> list[Path]:
        """Return the files that hold a unit's chain."""
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
