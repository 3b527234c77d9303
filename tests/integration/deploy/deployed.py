"""An installation as `deploy/compose.yaml` has it, run as processes: no container engine is there.

Each service runs its own command under its own environment, user and restrictions in a sandbox of
bubblewrap: read-only root, its volumes, no capability, its own processes and host name. A network
namespace is the network of all of them, in which every name is the loopback.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy"
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"),
    *("/etc/alternatives", "/etc/ld.so.cache", "/etc/nsswitch.conf", "/etc/passwd", "/etc/ssl"),
)
PROGRAMS = (ROOT, Path(sys.prefix), Path(sys.base_prefix))
"""What a container has of its image, and a sandbox of this machine."""
RUN_SECONDS = 240
"""What a command may take, one that waits for 200 s until a worker lives included.

At a load of 40 a worker that was started anew did not live after 60 s.
"""
IMAGE = "/opt/g6-image"
"""Where a sandbox sees the package of another version."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume or a file of the checkout, and where a service sees it."""

    source: str
    target: str
    read_only: bool

    @classmethod
    def parse(cls, text: str) -> Mount:
        source, target, *more = text.split(":")
        return cls(source, target, more == ["ro"])

    @property
    def is_volume(self) -> bool:
        """Whether it is a volume by its name."""
        return not self.source.startswith(".")


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the compose file."""

    name: str
    facts: Mapping[str, Any]

    @property
    def command(self) -> list[str]:
        return [str(word).replace("$$", "$") for word in self.facts.get("command", ())]

    @property
    def environment(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.facts.get("environment", {}).items()}

    @property
    def check(self) -> list[str]:
        """What the service asks itself to know that it lives."""
        kind, *words = self.facts["healthcheck"]["test"]
        words = [word.replace("$$", "$") for word in words]
        return ["sh", "-c", *words] if kind == "CMD-SHELL" else words

    @property
    def mounts(self) -> list[Mount]:
        return [Mount.parse(text) for text in self.facts.get("volumes", ())]


def compose_file() -> dict[str, Any]:
    """Return the compose file, read as YAML."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    return content


def services() -> dict[str, Service]:
    """Return the services of the compose file by name."""
    return {name: Service(name, facts) for name, facts in compose_file()["services"].items()}


@dataclass(slots=True)
class Process:
    """A service that runs, with its output in a file."""

    service: Service
    popen: subprocess.Popen[bytes]
    log: Path
    hostname: str = ""

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", errors="replace")

    @property
    def family(self) -> list[psutil.Process]:
        """The processes of its sandbox, the sandbox's own two left out."""
        with suppress(psutil.NoSuchProcess):
            everything = psutil.Process(self.popen.pid).children(recursive=True)
            return [process for process in everything if process.name() != "bwrap"]
        return []

    @property
    def main(self) -> psutil.Process:
        """The process that the command started."""
        return self.family[0]

    def tell_to_end(self) -> None:
        """Send it the signal with which Compose ends it."""
        with suppress(IndexError, psutil.NoSuchProcess):
            self.main.send_signal(signal.SIGTERM)

    def stop(self, seconds: float = PATIENCE) -> int:
        """End it as Compose does, which waits for less, and return its exit code."""
        self.tell_to_end()
        return self.popen.wait(seconds)


@dataclass(slots=True)
class Installation:
    """Services on one network, with their volumes below a directory.

    `host` is what a command is put behind to run on this host: a test of several hosts gives each its own.
    `image` is a directory with a package that later processes run in place of the checkout's.
    """

    base: Path
    host: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    image: Path | None = None

    def volume(self, name: str) -> Path:
        """Return the directory of a volume."""
        path = self.base / "volumes" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def sandbox(self, service: Service, command: Sequence[str], name: str = "") -> list[str]:
        """Return the command that runs another one as a service would."""
        user, _, group = str(service.facts["user"]).partition(":")
        words = [*self.host, "bwrap", "--die-with-parent", "--unshare-user", "--unshare-pid"]
        words += ["--unshare-ipc", "--unshare-uts", "--hostname", name or service.name]
        words += ["--uid", user, "--gid", group, "--cap-drop", "ALL", "--clearenv"]
        for path in SYSTEM:
            words += (
                ["--symlink", str(Path(path).readlink()), path]
                if Path(path).is_symlink()
                else ["--ro-bind-try", path, path]
            )
        for program in PROGRAMS:
            words += ["--ro-bind", str(program), str(program)]
        if self.image is not None:
            words += ["--ro-bind", str(self.image), IMAGE]
        words += ["--ro-bind", str(FOLDER / "make_secrets.py"), "/opt/g6/deploy/make_secrets.py"]
        words += ["--ro-bind", str(self._hosts()), "/etc/hosts"]
        words += ["--proc", "/proc", "--dev", "/dev"]
        for path in service.facts.get("tmpfs", ()):
            words += ["--tmpfs", path]
        for mount in service.mounts:
            source = self.volume(mount.source) if mount.is_volume else FOLDER / mount.source
            words += ["--ro-bind" if mount.read_only else "--bind", str(source), mount.target]
        words += ["--remount-ro", "/"] if service.facts["read_only"] else []
        variables = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": IMAGE if self.image else str(ROOT),
            **(self.settings if "env_file" in service.facts else {}),
            **service.environment,
        }
        for variable, value in variables.items():
            words += ["--setenv", variable, value]
        return [*words, "--chdir", "/tmp" if "tmpfs" in service.facts else "/", *command]

    def run(
        self, service: Service, command: Sequence[str] = (), hostname: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a service's command, or another one in its place, to its end."""
        words = self.sandbox(service, command or service.command, hostname)
        return subprocess.run(
            words, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
        )

    def is_well(self, process: Process) -> bool:
        """Ask a service, as its container does, whether it lives."""
        done = self.run(process.service, process.service.check, process.hostname)
        return done.returncode == 0

    def start(self, service: Service, name: str = "", hostname: str = "") -> Process:
        """Start a service, under another name where it runs several times."""
        name = name or service.name
        hostname = hostname or name
        log = self.base / f"{name}.log"
        with log.open("ab") as output:
            popen = subprocess.Popen(
                self.sandbox(service, service.command, hostname),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process = Process(service, popen, log, hostname)
        self.processes[name] = process
        return process

    def end(self) -> None:
        """End what still runs, Redis last."""
        # One after the other eight took 20 s at a load of 19, none of them more than 6 s.
        for name, process in self.processes.items():
            if name != "redis":
                process.tell_to_end()
        for process in reversed(self.processes.values()):
            with suppress(subprocess.TimeoutExpired):
                process.stop(12)
            with suppress(ProcessLookupError):
                os.killpg(process.popen.pid, signal.SIGKILL)
            process.popen.wait(90)

    def _hosts(self) -> Path:
        path = self.base / "hosts"
        if not path.exists():
            names = " ".join(services())
            path.write_text(f"127.0.0.1 localhost {names}\n::1 localhost\n", "ascii")
        return path


def can_be_sandboxed() -> str:
    """Return why no installation can run here, empty where one can."""
    if shutil.which("bwrap") is None:
        return "needs bubblewrap: make test-services"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "needs the right to make a network namespace"


@contextmanager
def network() -> Iterator[list[str]]:
    """Make a network namespace, and give what a command is put behind to run in it."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    try:
        enter = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
        mine = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{holder.pid}/ns/net").readlink() == mine:
            assert holder.poll() is None
        subprocess.run([*enter, "ip", "link", "set", "lo", "up"], check=True)
        yield enter
    finally:
        holder.kill()
        holder.wait(90)
