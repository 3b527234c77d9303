"""Blocks of a sample over several processes, each with its own market."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from queue import Empty, Queue
from threading import Thread

import pyarrow as pa

from g6.bootstrap.sample.sample_block import SampleBlock, SampleProgress, make_block
from g6.config import Settings, build, changed, nested
from g6.errors import G6Error, Unavailable

_DECIDING = (
    "namespace",
    "interval",
    "demo_dir",
    "provider.name",
    "market.",
    "index_params.",
    "collection.",
    "greeks.",
    "quality.",
    "storage.",
)
"""Settings that decide what a sample holds and where. None of them is secret."""


def made_by_processes(
    settings: Settings, blocks: Sequence[SampleBlock], processes: int
) -> Iterator[SampleProgress]:
    """Make blocks in so many processes at once.

    Raises:
        Unavailable: A process ended before its block was made, or could not make it.
    """
    waiting: Queue[SampleBlock] = Queue()
    for block in blocks:
        waiting.put(block)
    workers = [_Worker(settings, waiting) for _ in range(processes)]
    try:
        for worker in workers:
            worker.thread.start()
        at_work = len(workers)
        while at_work:
            for worker in workers:
                with suppress(Empty):
                    answer = worker.answers.get(timeout=0.02)
                    if isinstance(answer, SampleProgress):
                        yield answer
                    elif isinstance(answer, G6Error):
                        raise answer
                    else:
                        at_work -= 1
    finally:
        for worker in workers:
            worker.stop()


@dataclass
class _Worker:
    """One process, and the thread that gives it blocks and takes its answers.

    A process of its own and not a fork: Arrow and a notebook's kernel have threads, and a script
    that is imported again by its children (multiprocessing's spawn) would need a guard.
    """

    settings: Settings
    waiting: Queue[SampleBlock]
    answers: Queue[SampleProgress | G6Error | None] = field(default_factory=Queue)
    process: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        self.thread = Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        # With -m Python warns on standard error: the package has imported this module before.
        with subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            self.process = process
            self.answers.put(self._fed(process) or None)

    def _fed(self, process: subprocess.Popen[str]) -> G6Error | None:
        """Give blocks until none waits, and return why that ended early."""
        if process.stdin is None or process.stdout is None:
            raise LookupError("the process was started without pipes")
        with suppress(BrokenPipeError):
            print(json.dumps(_deciding(self.settings)), file=process.stdin, flush=True)
            while True:
                try:
                    block = self.waiting.get_nowait()
                except Empty:
                    process.stdin.close()
                    return None
                print(json.dumps(block.to_json()), file=process.stdin, flush=True)
                if (error := self._answered(process, block)) is not None:
                    return error
        return Unavailable(
            f"a process of the sample ended with code {process.wait()} before it had begun",
            "run the same command again: what is made stays made",
        )

    def _answered(self, process: subprocess.Popen[str], block: SampleBlock) -> G6Error | None:
        for line in process.stdout or ():
            answer = json.loads(line)
            if "error" in answer:
                return Unavailable(answer["error"], answer["fix"])
            if not answer:
                return None
            self.answers.put(_read(answer))
        return Unavailable(
            f"the process that made {block.index} from {block.days[0]} on ended with code "
            f"{process.wait()}",
            "run the same command again: what is made stays made; where memory is short (500 MB "
            "for each process) with --processes 1",
        )

    def stop(self) -> None:
        """End the process where it still works."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()


def _deciding(settings: Settings) -> Mapping[str, object]:
    """Return the settings that a process needs, nested."""
    different = changed(settings)
    values = {path: different[path] for path in different if path.startswith(_DECIDING)}
    return nested(values | {"provider.name": settings.provider.name})


def _written(step: SampleProgress) -> str:
    return json.dumps(
        {
            "index": step.index,
            "day": step.day.isoformat(),
            "cycles": step.cycles,
            "rows": step.rows,
            "statuses": dict(step.statuses),
        }
    )


def _read(answer: Mapping[str, object]) -> SampleProgress:
    fields = {**answer, "day": date.fromisoformat(str(answer["day"]))}
    return SampleProgress(**fields)  # type: ignore[arg-type]


def main() -> None:
    """Make the blocks that come on standard input, line by line, until it ends."""
    # Ctrl-C reaches the whole group of processes. The one that a person started says what was done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pa.set_cpu_count(1)
    settings = build(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        try:
            for step in make_block(settings, SampleBlock.from_json(line)):
                print(_written(step), flush=True)
        except G6Error as error:
            print(json.dumps({"error": error.sentence, "fix": error.fix}), flush=True)
            return
        print("{}", flush=True)
