"""Processes that end before a request that changes a bucket, by a proxy before the S3 server."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from pyarrow import fs

from tests.property.crash_points.ending import ending
from tests.property.crash_points.keeping import (
    Bench,
    Rows,
    archived_is_whole,
    archiving,
    bringing_back,
    brought_back,
    command,
    compacted,
    rows_of,
    unharmed,
)
from tests.property.crash_points.s3_server import KEYS, address
from tests.property.crash_points.trials import Points, Trial

_CHANGING = (b"PUT /", b"POST /", b"DELETE /")


class EndingProxy:
    """Hands on what clients and server say, and kills a process before its nth changing request."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._changes = 0
        self._at: int | None = None
        self._process: int | None = None
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def changes(self) -> int:
        """How many changing requests came since it was armed."""
        return self._changes

    def close(self) -> None:
        """Listen no more."""
        # What waits in accept hears of it by shutdown alone.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def run(self, act: Callable[[], int], at: int | None) -> int:
        """Run an act in a process of its own, killed before a changing request, and return its code."""
        with self._lock:
            self._changes = 0
            self._at = at
            process = os.fork()
            if process == 0:
                code = 99
                try:
                    nothing = os.open(os.devnull, os.O_RDWR)
                    for stream in (0, 1, 2):
                        os.dup2(nothing, stream)
                    os.environ.update(KEYS)
                    code = act()
                finally:
                    os._exit(code)
            self._process = process
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        with self._lock:
            self._process = None
        return code

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Hand on what both say until one of them ends."""
        target = ("127.0.0.1", self._server)
        with suppress(OSError), client, socket.create_connection(target) as server:
            other = {client: server, server: client}
            while True:
                for source in select.select([client, server], [], [])[0]:
                    content = source.recv(1 << 16)
                    is_change = source is client and content.startswith(_CHANGING)
                    if not content or (is_change and self._ends()):
                        return
                    other[source].sendall(content)

    def _ends(self) -> bool:
        """Count a change, and tell whether the process was killed before it."""
        with self._lock:
            self._changes += 1
            if self._process is None or self._changes != self._at:
                return False
            os.kill(self._process, signal.SIGKILL)
            return True


def bucket_trials(name: str, top: Path, server: int, points: Points) -> Iterator[Trial]:
    """Try `s3-put` or `s3-back` to its end, then ended before each changing request.

    Args:
        name: What is tried. Bringing back changes no bucket: it ends before changes of files.
        top: An empty folder.
        server: The port of the S3 server.
        points: Chooses the changes.
    """
    proxy = EndingProxy(server)
    begun = Bench(top / "begun")
    begun.top.mkdir(parents=True)
    compacted(begun)
    before = rows_of(begun.rows)
    try:
        proxy.run(_made_bucket(proxy.port), None)
        run = _put if name == "s3-put" else _back
        whole = run(proxy, begun, before, None, 0)
        yield whole
        for at in points(whole.of):
            yield run(proxy, begun, before, at, whole.of)
    finally:
        proxy.close()


def _made_bucket(port: int) -> Callable[[], int]:
    # A process that was forked from one with threads of S3 of its own would wait for them.
    def make() -> int:
        system, path = fs.FileSystem.from_uri(f"{address(port)}&allow_bucket_creation=true")
        system.create_dir(path.partition("/")[0])
        return 0

    return make


def _bench(begun: Bench, proxy: EndingProxy, at: int | None, name: str) -> Bench:
    top = begun.top.parent / str(at)
    shutil.rmtree(top, ignore_errors=True)
    return Bench(Path(shutil.copytree(begun.top, top)), address(proxy.port, f"{name}-{at}"))


def _put_days(bench: Bench) -> int:
    return command(*archiving(bench))


def _put(proxy: EndingProxy, begun: Bench, before: Rows, at: int | None, of: int) -> Trial:
    bench = _bench(begun, proxy, at, "put")
    code = proxy.run(lambda: _put_days(bench), at)
    changes = proxy.changes
    if code != (0 if at is None else -signal.SIGKILL):
        return Trial(at or 0, of or changes, "", f"ended with {code}")

    def judge() -> int:
        unharmed(bench, before)
        if at is not None:
            assert _put_days(bench) in {0, 3}
        archived_is_whole(bench, before)
        return 0

    wrong = "" if proxy.run(judge, None) == 0 else "judged as wrong"
    return Trial(at or 0, of or changes, "", wrong)


def _back(proxy: EndingProxy, begun: Bench, before: Rows, at: int | None, of: int) -> Trial:
    bench = _bench(begun, proxy, at, "back")
    if proxy.run(lambda: _put_days(bench), None):
        return Trial(at or 0, of, "", "the days could not be put there")

    def bring_back() -> int:
        os.environ.update(KEYS)
        return command(*bringing_back(bench))

    first = ending(bring_back, bench.top, at)

    def judge() -> int:
        unharmed(bench, before)
        if at is not None:
            assert command(*bringing_back(bench)) in {0, 3}
        brought_back(bench, before)
        return 0

    wrong = "" if proxy.run(judge, None) == 0 else "judged as wrong"
    return Trial(at or 0, of or first.changes, first.last, wrong)
