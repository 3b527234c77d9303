"""Writes `deploy/systemd/` from the table of roles: template units, their target, pool sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deploy.roles import BEAT, ROLES, ROWS, STOP_SECONDS, Role, Rows, pool
from g6.config.loading import INSTANCE_VARIABLE
from g6.domain.schema.words import QueueName

NOTE = "# Written by `make docs` from deploy/unit_files.py; edit that instead.\n"
PROGRAMS = "/opt/g6/bin"
SETTINGS = "/etc/g6"

RESTRICTED = """User=g6
Group=g6
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
LimitCORE=0
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""
"""What every unit gives up. `systemd-analyze security` scores it, and tests try most of it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of systemd.

    Attributes:
        name: Of its file, with `@` where it is a template.
        sentence: What it does.
        command: What it runs.
        rows: What it does to the data directory.
        environment: Lines of variables beside the file of settings.
    """

    name: str
    sentence: str
    command: Sequence[str]
    rows: Rows
    environment: Sequence[str] = ()

    def text(self) -> str:
        """Return the file."""
        lines = [
            f"{NOTE}[Unit]",
            f"Description=G6: {self.sentence}",
            "PartOf=g6.target",
            "After=network-online.target redis-server.service",
            "Wants=network-online.target",
            "",
            "[Service]",
            "Type=exec",
            f"EnvironmentFile={SETTINGS}/g6.env",
            *self.environment,
            f"ExecStart={PROGRAMS}/{' '.join(self.command)}",
            "Restart=always",
            "RestartSec=1",
            "TimeoutStopSec=" + str(STOP_SECONDS),
            "KillMode=mixed",
            f"WorkingDirectory={ROWS}",
            *([f"ReadWritePaths={ROWS}"] if self.rows is Rows.WRITE else []),
            RESTRICTED,
            "[Install]",
            "WantedBy=g6.target",
        ]
        return "\n".join(lines) + "\n"


def worker_unit() -> Unit:
    """Return the template of a worker, whose instance is its queue."""
    command = "celery -A g6 worker -Q %i -n %i@%%h --without-mingle --without-gossip $POOL"
    environment = ("Environment=POOL=",)
    sentence = "worker of the queue %i"
    return Unit("g6-worker@", sentence, command.split(), Rows.WRITE, environment)


def units() -> list[Unit]:
    """Return every unit."""
    alone = [role for role in ROLES if not role.queues and list(role.command) != BEAT]
    return [
        worker_unit(),
        Unit(
            "g6-beat@", "beat %i of two", BEAT, Rows.READ, [f"Environment={INSTANCE_VARIABLE}=%i"]
        ),
        *(Unit(f"g6-{role.name}", role.sentence, _program(role), role.rows) for role in alone),
    ]


def target() -> str:
    """Return the target that starts and stops everything of one host."""
    workers = " ".join(f"g6-worker@{queue}.service" for queue in QueueName)
    return f"""{NOTE}[Unit]
Description=G6: everything of this host
Wants={workers}
Wants=g6-beat@1.service g6-beat@2.service g6-serve.service

[Install]
WantedBy=multi-user.target
"""


def pool_sizes() -> Iterable[tuple[str, str]]:
    """Yield the drop-ins that give workers another number of processes than there are cores."""
    for queue in QueueName:
        size = pool(queue)
        if size is not None:
            path = f"deploy/systemd/g6-worker@{queue}.service.d/pool.conf"
            yield path, f'{NOTE}[Service]\nEnvironment="POOL=-c {size}"\n'


def files() -> dict[str, str]:
    """Return every file of deploy/systemd by its path."""
    texts = {f"deploy/systemd/{unit.name}.service": unit.text() for unit in units()}
    return texts | {"deploy/systemd/g6.target": target()} | dict(pool_sizes())


def _program(role: Role) -> list[str]:
    return list(role.command)
