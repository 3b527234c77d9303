"""Who listens on a port of this machine: another G6, with its directory, or another program."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from g6.adapters.data_dir.owner import owner
from g6.domain.schema.json_reading import whole
from g6.errors import Unavailable

SERVE_LOG = Path("logs/serve.log")


@dataclass(frozen=True, slots=True)
class PortHolder:
    """A process that listens on a port.

    Attributes:
        pid: The process, of a G6 the one that started the others.
        name: What people call it.
        directory: The data directory of a G6, None for another program.
        address: Host and port that it listens on, empty unknown.
    """

    pid: int
    name: str
    directory: Path | None = None
    address: str = ""

    def refusal(self, address: str, setting: str, beside: Sequence[str]) -> Unavailable:
        """Return the error of a start that needs the port as well.

        Args:
            address: Host and port that the start wants.
            setting: The setting of the port.
            beside: The command that starts it beside another G6.
        """
        if self.directory is None:
            return Unavailable(
                f"cannot listen on {address}: {self.name} (process {self.pid}) does",
                f"free that port, or take a free one: --set {setting}=0",
            )
        return Unavailable(
            f"another G6 runs on {self.directory} ({self.name}, process {self.pid}) "
            f"and answers on {self.address or address}",
            f"stop it (kill -TERM {self.pid}), or start this one beside it: {shlex.join(beside)}",
        )


def port_holder(port: int) -> PortHolder | None:
    """Return who listens on a TCP port, None where nobody does or where it may not be asked."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:
        return None
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.pid:
            continue
        if connection.laddr and connection.laddr.port == port:
            holder = _holder(connection.pid)
            if holder is None:
                return None
            # The address that the start wants is no word on where the other one listens.
            host = connection.laddr.ip
            host = f"[{host}]" if ":" in host else host
            return replace(holder, address=f"{host}:{port}")
    return None


def _holder(pid: int) -> PortHolder | None:
    try:
        process = psutil.Process(pid)
        directory = _data_directory(process)
        if directory is None:
            return PortHolder(pid, process.name())
    except psutil.Error:
        return None
    record = owner(directory) or {}
    owner_pid = whole(record, "pid") if "pid" in record else pid
    return PortHolder(owner_pid, str(record.get("who", "g6 serve")), directory)


def _data_directory(process: psutil.Process) -> Path | None:
    """Return the data directory of a process that g6 up started to serve: where its log lies."""
    for file in process.open_files():
        path = Path(file.path)
        if path.parts[-2:] == SERVE_LOG.parts:
            return path.parent.parent
    return None
