"""The data directory: which system owns it while somebody writes, and which kind of market its rows are of.

Everybody who writes is a member: supervisors, workers of queue persist, bounded runs, imports, repairs. Each holds a shared `flock`
on `.owner.json`, whose content names the system. The lock is the kernel's and ends with the process, however that ends. So a system
of which nobody lives owns nothing, and the next writer takes over.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from g6.errors import StoreBusy, Unavailable
from g6.files import directory_lock, replace

OWNER, KIND, CONFIGS = ".owner.json", ".kind", "configs"
_MOST_BYTES = 65_536
DYING_SECONDS = 5.0
"""How long the lock of a system is waited for whose members are dead: their pool processes end a moment after them."""
_USER = re.compile(r"(?<=://).*@")
_SENTINEL = re.compile(r"(sentinel://)?[\w.\-\[\]]+(:\d+)?(/\d*)?")
"""One host of several; the first half of a password that holds a semicolon is none."""
_PASSWORD_OPTION = re.compile(r"(?i)[?&]\w*passw\w*=")
_PORTS = {"sentinel": 26379}


@dataclass(frozen=True, slots=True)
class System:
    """Who writes: the broker's address, the namespace in it, and the mark that lies there, where it could be asked for.

    One server has several addresses (`localhost`, `127.0.0.1`, a socket) and one mark. Without both the writer has no broker: an
    import or a repair beside nobody, which joins whoever is there.
    """

    broker: str = ""
    namespace: str = "g6"
    mark: str = ""

    @classmethod
    def of_its_own(cls, namespace: str) -> System:
        """Return a system that nobody else is of yet: its broker is still to be started."""
        return cls("", namespace, uuid.uuid4().hex)

    def is_of(self, record: Mapping[str, Any]) -> bool:
        """Return whether the record of an owner is this system's."""
        if not self.broker and not self.mark:
            return True
        if self.namespace != record.get("namespace"):
            return False
        same_address = bool(self.broker) and address(self.broker) == address(
            str(record.get("broker", ""))
        )
        return same_address or (bool(self.mark) and self.mark == record.get("mark"))


def address(broker: str) -> str:
    """Return hosts, ports and database of a broker (or the path of its socket), without user, password and options.

    >>> address("redis://:secret@localhost")
    '127.0.0.1:6379/0'
    """
    parts = []
    for text in filter(None, public(broker).split(";")):
        whole = text if "://" in text else f"sentinel://{text}"
        try:
            url = urlsplit(whole)
            port = url.port or _PORTS.get(url.scheme, 6379)
        except ValueError:
            return public(broker)
        host = "127.0.0.1" if url.hostname == "localhost" else url.hostname or ""
        path = url.path.rstrip("/") or "/0"
        parts.append(f"{host}:{port}{path}" if host else path)
    return ";".join(parts)


@contextmanager
def owned(
    directory: Path, kind: str | None, system: System, *, who: str = "g6", mix: bool = False
) -> Iterator[Callable[[str], None]]:
    """Own `directory`, together with others of the same system, until the end of the block or of the process.

    `kind` is live, sim or replay: a directory remembers its kind and refuses another unless `mix`; None is of no kind.
    `who` is what a person calls this process. The block is given a function that tells others the address of a broker
    which it starts itself. The record is 0600 and holds no password.
    Errors: Unavailable (another system's, other kind, not writable).
    """
    with _refusals(directory):
        directory.mkdir(parents=True, exist_ok=True)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
        descriptor = os.open(directory / OWNER, os.O_RDWR | os.O_CREAT, 0o600)
    member = os.getpid()
    try:
        limit = time.monotonic() + DYING_SECONDS
        while not _joined(
            directory, descriptor, kind, system, who, mix, last=time.monotonic() > limit
        ):
            time.sleep(0.05)

        def tell(broker: str) -> None:
            with _refusals(directory), directory_lock(directory):
                _write(descriptor, _read(descriptor) | {"broker": public(broker)})

        try:
            yield tell
        finally:
            # A pool process has a copy of all this and is no member itself.
            if os.getpid() == member:
                with suppress(OSError), directory_lock(directory):
                    _leave(descriptor, member)
    finally:
        os.close(descriptor)


def owner(directory: Path) -> Mapping[str, Any] | None:
    """Return who owns `directory` now (pid, broker, kind, namespace, members …), None when nobody does."""
    try:
        descriptor = os.open(directory / OWNER, os.O_RDONLY)
    except OSError:
        return None
    try:
        with directory_lock(directory):
            return _read(descriptor) if _held(descriptor) else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def public(broker: str) -> str:
    """Return a broker's address as it may lie in a file: without user, password and options.

    >>> public("redis://:s3c;r@t@host:6379/0?timeout=2")
    'redis://host:6379/0'
    """
    parts = broker.split(";") if broker.startswith("sentinel:") else [broker]
    shown = [_without_secrets(part) for part in parts]
    return ";".join(part for part in shown if len(parts) == 1 or _SENTINEL.fullmatch(part))


def _without_secrets(part: str) -> str:
    option = _PASSWORD_OPTION.search(part)
    if option and "@" in part[option.end() :]:
        return ""  # where the password begins cannot be told
    before = part[: option.start()] if option else part
    return _USER.sub("", before).partition("?")[0]


def keep_configuration(directory: Path, record: Mapping[str, Any]) -> None:
    """Write down a configuration that runs, once for each id, beside the rows that name it. Errors: Unavailable."""
    path = directory / CONFIGS / f"{record['config_id']}.json"
    if not path.exists():
        with _refusals(directory):
            replace(path, (json.dumps(record, indent=2) + "\n").encode())


@contextmanager
def _refusals(directory: Path) -> Iterator[None]:
    fix = "choose another with --data-dir DIR"
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"the data directory {directory} cannot be written: {error.strerror or error}", fix
        ) from error
    except StoreBusy as error:
        raise Unavailable(
            f"the data directory {directory} cannot be written: {error}", fix
        ) from error


def _joined(
    directory: Path,
    descriptor: int,
    kind: str | None,
    system: System,
    who: str,
    mix: bool,
    *,
    last: bool,
) -> bool:
    """Join; False where the members of another system are dead and only their lock is still to go, but for the `last` try."""
    with _refusals(directory), directory_lock(directory):
        if not last and _held(descriptor):
            record = _read(descriptor)
            if record.get("members") and not _living(record) and not system.is_of(record):
                return False
        _join(directory, descriptor, kind, system, who, mix)
    return True


def _join(
    directory: Path, descriptor: int, kind: str | None, system: System, who: str, mix: bool
) -> None:
    """Become a member of the owner, or the owner where nobody lives; the caller holds the directory's lock."""
    members: dict[str, str] = {}
    record = _read(descriptor) if _held(descriptor) else None
    if record is None:
        _check_kind(directory, kind, mix)
        record = {
            "pid": os.getpid(), "who": who, "host": socket.gethostname(), "broker": public(system.broker), "kind": kind,
            "namespace": system.namespace, "mark": system.mark,
        }  # fmt: skip
    elif system.is_of(record):
        members = _living(record)
        if kind != record.get("kind"):
            _check_kind(directory, kind, mix)
    else:
        raise _taken(directory, record)
    fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    _write(descriptor, record | {"members": members | {str(os.getpid()): who}})


def _held(descriptor: int) -> bool:
    """Return whether a member lives; only who holds the directory's lock may ask, since asking takes the lock for a moment."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _leave(descriptor: int, member: int) -> None:
    record = _read(descriptor)
    members = {pid: who for pid, who in _living(record).items() if pid != str(member)}
    if members:
        _write(descriptor, record | {"members": members})
    else:
        os.ftruncate(descriptor, 0)


def _living(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the members that live, as far as this host can tell: of another one's all."""
    members = dict(record.get("members") or {})
    if record.get("host") != socket.gethostname():
        return members
    return {pid: who for pid, who in members.items() if _lives(int(pid))}


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _read(descriptor: int) -> dict[str, Any]:
    try:
        record = json.loads(os.pread(descriptor, _MOST_BYTES, 0) or b"{}")
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _write(descriptor: int, record: Mapping[str, Any]) -> None:
    content = json.dumps(record).encode()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, content, 0)


def _taken(directory: Path, record: Mapping[str, Any]) -> Unavailable:
    members = _living(record)
    first = str(record.get("pid", "?"))
    pid = first if first in members else next(iter(members), first)
    who = members.get(pid) or str(record.get("who") or "G6")
    broker, namespace = address(str(record.get("broker") or "")), record.get("namespace")
    at = f", broker {broker}" if broker else ""
    at += f", namespace {namespace}" if namespace and namespace != "g6" else ""
    host = str(record.get("host") or socket.gethostname())
    at += f", host {host}" if host != socket.gethostname() else ""
    return Unavailable(
        f"the data directory {directory} is in use by another G6 (process {pid}, {who}{at})",
        f"stop it (kill -TERM {pid}), or give this one a directory of its own with --data-dir DIR",
    )


def _check_kind(directory: Path, kind: str | None, mix: bool) -> None:
    if kind is None:
        return
    marker = directory / KIND
    held = marker.read_text("utf-8", errors="replace").strip() if marker.exists() else ""
    if held and held != kind and not mix:
        raise Unavailable(
            f"the data directory {directory} holds rows of a {held} market; this run's are {kind}",
            "give --data-dir DIR, or --mix if you want both in one place",
        )
    if not held:
        marker.write_text(kind + "\n", "utf-8")
