"""The owner of a data directory while somebody writes, and the kind of market of its rows.

Everybody who writes is a member: supervisors, workers of queue persist, bounded runs, imports,
repairs. Each holds a shared `flock` on `.owner.json`, whose content names the system. The lock is
the kernel's and ends with the process, however that ends. So a system of which nobody lives owns
nothing, and the next writer takes over.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from g6.domain.schema.json_reading import part
from g6.domain.schema.json_types import Document, JsonObject
from g6.domain.schema.layout import KIND_OF_ROWS, OWNER_FILE, Folder
from g6.errors import StoreBusy, Unavailable
from g6.files import directory_lock, replace
from g6.ports import Clock

_MOST_BYTES = 65_536
DYING_SECONDS = 5.0
"""The lock of a system whose members are dead is waited for so long.

Their pool processes end a moment after them.
"""
_USER = re.compile(r"(?<=://).*@")
_SENTINEL = re.compile(r"(sentinel://)?[\w.\-\[\]]+(:\d+)?(/\d*)?")
"""One host of several. The first half of a password that holds a semicolon is none."""
_PASSWORD_OPTION = re.compile(r"(?i)[?&]\w*passw\w*=")
_PORTS = {"sentinel": 26379}


@dataclass(frozen=True, slots=True)
class System:
    """The system that writes.

    Without broker and mark the writer has no broker: an import or a repair, which joins whoever is
    there.

    Attributes:
        broker: The address of its Redis.
        namespace: The namespace in it.
        mark: The mark that lies there, where it could be asked for.
    """

    broker: str = ""
    namespace: str = "g6"
    mark: str = ""

    @classmethod
    def of_its_own(cls, namespace: str) -> System:
        """Return a system that nobody else is of yet, as its broker is still to be started."""
        return cls("", namespace, uuid.uuid4().hex)

    def is_of(self, record: Document) -> bool:
        """Tell whether the record of an owner is this system's."""
        if not self.broker and not self.mark:
            return True
        if self.namespace != record.get("namespace"):
            return False
        # One server has several addresses (localhost, 127.0.0.1, a socket) and one mark.
        if self.broker and address(self.broker) == address(str(record.get("broker", ""))):
            return True
        return bool(self.mark) and self.mark == record.get("mark")


def address(broker: str) -> str:
    """Return hosts, ports and database of a broker, without user, password and options.

    Of a socket it is the path.

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
    directory: Path,
    kind: str | None,
    system: System,
    clock: Clock,
    *,
    who: str = "g6",
    mix: bool = False,
    source: str = "",
) -> Iterator[Callable[[str], None]]:
    """Own a directory, together with others of the same system, until the end of the block.

    The end of the process ends it as well. The record is 0600 and holds no password.

    Args:
        directory: The data directory. It remembers its kind and refuses another unless `mix`.
        kind: live, sim, replay, or None for no kind.
        system: Who writes.
        clock: Times the wait for an owner whose processes are dying.
        who: What a person calls this process.
        mix: Whether rows of several kinds may stand in it.
        source: What else sets this market apart from others of its kind: a look-alike's provider.

    Yields:
        A function that tells others the address of a broker which the block starts itself.

    Raises:
        Unavailable: Another system owns it, it is of another kind, or it cannot be written.
    """
    descriptor = _opened(directory)
    member = os.getpid()
    try:
        rows = None if kind is None else f"{kind} {source}".rstrip()
        limit = clock.wall() + DYING_SECONDS
        join = partial(_join_if_free, directory, descriptor, rows, system, who, mix)
        while not join(last=clock.wall() > limit):
            clock.sleep(0.05)

        def tell(broker: str) -> None:
            with _refusals(directory), directory_lock(directory):
                _write(descriptor, _read(descriptor) | {"broker": public(broker)})

        try:
            yield tell
        finally:
            _end(directory, descriptor, member)
    finally:
        os.close(descriptor)


def _end(directory: Path, descriptor: int, member: int) -> None:
    """Leave a directory that process `member` joined."""
    # A pool process has a copy of all this and is no member itself.
    if os.getpid() == member:
        with suppress(OSError), directory_lock(directory):
            _leave(descriptor, member)


def _opened(directory: Path) -> int:
    """Open the record of a directory's owner, which is made where it is not there."""
    with _refusals(directory):
        directory.mkdir(parents=True, exist_ok=True)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
        return os.open(directory / OWNER_FILE, os.O_RDWR | os.O_CREAT, 0o600)


def owner(directory: Path) -> Document | None:
    """Return the record of the owner of `directory`, None when nobody owns it.

    It has pid, broker, kind, namespace, members and the like.
    """
    try:
        descriptor = os.open(directory / OWNER_FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        with directory_lock(directory):
            return _read(descriptor) if _is_locked(descriptor) else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def public(broker: str) -> str:
    """Return a broker's address without user, password and options, as a file may hold it.

    >>> public("redis://:s3c;r@t@host:6379/0?timeout=2")
    'redis://host:6379/0'
    """
    parts = broker.split(";") if broker.startswith("sentinel:") else [broker]
    plain = [_without_secrets(part) for part in parts]
    if len(plain) > 1:
        plain = [part for part in plain if _SENTINEL.fullmatch(part)]
    return ";".join(plain)


def _without_secrets(part: str) -> str:
    option = _PASSWORD_OPTION.search(part)
    # Where the password begins cannot be told.
    if option and "@" in part[option.end() :]:
        return ""
    before = part[: option.start()] if option else part
    return _USER.sub("", before).partition("?")[0]


def keep_configuration(directory: Path, record: Document) -> None:
    """Store a configuration that runs, once for each id, beside the rows that name it.

    Raises:
        Unavailable: The directory cannot be written.
    """
    path = directory / Folder.CONFIGS / f"{record['config_id']}.json"
    if not path.exists():
        with _refusals(directory):
            replace(path, (json.dumps(record, indent=2) + "\n").encode())


@contextmanager
def _refusals(directory: Path) -> Iterator[None]:
    fix = "choose another with --data-dir DIR"
    sentence = f"the data directory {directory} cannot be written"
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{sentence}: {error.strerror or error}", fix) from error
    except StoreBusy as error:
        raise Unavailable(f"{sentence}: {error}", fix) from error


def _join_if_free(
    directory: Path,
    descriptor: int,
    rows: str | None,
    system: System,
    who: str,
    mix: bool,
    *,
    last: bool,
) -> bool:
    """Join, but for a directory whose dead members' lock is still to go. Return whether it joined.

    The `last` try does not wait for that.
    """
    with _refusals(directory), directory_lock(directory):
        if not last and _is_locked(descriptor):
            record = _read(descriptor)
            if record.get("members") and not _living(record) and not system.is_of(record):
                return False
        _join(directory, descriptor, rows, system, who, mix)
    return True


def _join(
    directory: Path, descriptor: int, rows: str | None, system: System, who: str, mix: bool
) -> None:
    """Become a member of the owner, or the owner where nobody lives.

    The caller holds the directory's lock. `rows`: the kind of their market, and its source.
    """
    members: dict[str, str] = {}
    record = _read(descriptor) if _is_locked(descriptor) else None
    if record is None:
        _check_rows(directory, rows, mix)
        record = {
            "pid": os.getpid(),
            "who": who,
            "host": socket.gethostname(),
            "broker": public(system.broker),
            "kind": None if rows is None else rows.partition(" ")[0],
            "rows": rows,
            "namespace": system.namespace,
            "mark": system.mark,
        }
    elif system.is_of(record):
        members = _living(record)
        if rows != record.get("rows"):
            _check_rows(directory, rows, mix)
    else:
        raise _in_use(directory, record)
    fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    _write(descriptor, record | {"members": members | {str(os.getpid()): who}})


def _is_locked(descriptor: int) -> bool:
    """Tell whether a member lives.

    Asking takes the lock for a moment, so the caller holds the directory's lock.
    """
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


def _living(record: Document) -> dict[str, str]:
    """Return the members that live, as far as this host can tell: of another one's all."""
    members = {pid: str(who) for pid, who in part(record, "members").items()}
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


def _read(descriptor: int) -> JsonObject:
    try:
        record = json.loads(os.pread(descriptor, _MOST_BYTES, 0) or b"{}")
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _write(descriptor: int, record: Document) -> None:
    content = json.dumps(record).encode()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, content, 0)


def _in_use(directory: Path, record: Document) -> Unavailable:
    members = _living(record)
    first = str(record.get("pid", "?"))
    pid = first if first in members else next(iter(members), first)
    who = members.get(pid) or str(record.get("who") or "G6")
    facts = [f"process {pid}", who]
    if broker := address(str(record.get("broker") or "")):
        facts.append(f"broker {broker}")
    namespace = record.get("namespace")
    if namespace and namespace != "g6":
        facts.append(f"namespace {namespace}")
    host = str(record.get("host") or socket.gethostname())
    if host != socket.gethostname():
        facts.append(f"host {host}")
    return Unavailable(
        f"the data directory {directory} is in use by another G6 ({', '.join(facts)})",
        f"stop it (kill -TERM {pid}), or give this one a directory of its own with --data-dir DIR",
    )


def _check_rows(directory: Path, rows: str | None, mix: bool) -> None:
    """Refuse a directory that holds rows of another market, and mark one that holds none."""
    if rows is None:
        return
    marker = directory / KIND_OF_ROWS
    stored = marker.read_text("utf-8", errors="replace").strip() if marker.exists() else ""
    if stored and stored != rows and not mix:
        raise Unavailable(
            f"the data directory {directory} holds rows of a {_in_words(stored)}; this run's are "
            f"of a {_in_words(rows)}",
            "give --data-dir DIR, or --mix if you want both in one place",
        )
    if not stored:
        marker.write_text(rows + "\n", "utf-8")


def _in_words(rows: str) -> str:
    """Return what market rows are of.

    >>> _in_words("live"), _in_words("sim kite")
    ('live market', 'sim market by a look-alike of kite')
    """
    kind, _, source = rows.partition(" ")
    return f"{kind} market by a look-alike of {source}" if source else f"{kind} market"
