"""Does what deploy/Dockerfile says, without a container engine: `make image-check`.

Each RUN line runs in an empty environment of bubblewrap and each COPY line copies. What the last stage
holds is run as its user, on a root that it cannot write: the secrets, a cycle of the simulated market,
and the programs of all services. `--python` names the Python that takes the place of the image's. Libraries
are downloaded, which takes minutes. Exit code 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.make_secrets import READERS
from tests.integration.deploy.deployed import FOLDER, ROOT, SYSTEM, services

NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    "SSL_CERT_FILE",
)
"""Variables that a person's network needs beside those of pip, and no image is made of."""
NETWORK_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf")
PIP_CONFIGURATION = Path.home() / ".config/pip/pip.conf"
USER = "10001"
ADDRESS = "redis://redis:6379/0"
"""Of no server: whoever starts a worker without an address is told what is missing, and exits with 2."""
ROWS = "/var"
SECRETS = "/secrets"
OF_BUILD = "/src"
"""The directory that stays behind with the stage that builds."""
BUILD_SECONDS = 1800
START_SECONDS = 300


@dataclass(slots=True)
class Stage:
    """What the lines of a Dockerfile made so far.

    Attributes:
        base: Where the directories of the image are on this machine.
        python: The Python that takes the place of the image's.
        binds: Those directories by their paths in the image.
        variables: What ENV lines set.
        place: The working directory of the next line.
    """

    base: Path
    python: Path
    binds: dict[str, Path] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    place: str = "/"

    def directory(self, path: str) -> Path:
        """Return where a directory of the image is, which is made if it is missing."""
        top = f"/{Path(path).parts[1]}"
        of_top = self.binds.setdefault(top, self.base / top.strip("/"))
        inside = of_top / Path(path).relative_to(top)
        inside.mkdir(parents=True, exist_ok=True)
        return inside

    def build(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command as a RUN line does, with the network."""
        words = self._sandbox()
        for target, source in self.binds.items():
            words += ["--bind", str(source), target]
        for path in NETWORK_FILES:
            words += ["--ro-bind-try", path, path]
        words += ["--ro-bind-try", str(PIP_CONFIGURATION), "/etc/xdg/pip/pip.conf"]
        outside = {n: v for n, v in os.environ.items() if n in NETWORK or n.startswith("PIP_")}
        # The image has no compiler, and this machine may have one.
        return self._run(words, outside | {"PIP_ONLY_BINARY": ":all:"}, command, BUILD_SECONDS)

    def start(
        self, command: Sequence[str], may_write: Sequence[str] = (ROWS,), **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as a container of the last stage does, without a network."""
        words = [*self._sandbox(), "--unshare-net", "--uid", USER, "--gid", USER]
        words += ["--cap-drop", "ALL"]
        for target, source in self.binds.items():
            if target != OF_BUILD:
                words += ["--bind" if target in may_write else "--ro-bind", str(source), target]
        words += ["--remount-ro", "/"]
        return self._run(words, variables, command, START_SECONDS)

    def _sandbox(self) -> list[str]:
        words = ["bwrap", "--die-with-parent", "--unshare-user", "--clearenv"]
        for path in (*SYSTEM, str(self.python.parent.parent)):
            words += ["--ro-bind-try", path, path]
        return [*words, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]

    def _run(
        self,
        sandbox: list[str],
        variables: Mapping[str, str],
        command: Sequence[str],
        seconds: float,
    ) -> subprocess.CompletedProcess[str]:
        path = f"{self.python.parent}:/usr/bin:/bin"
        every = {"PATH": path, "HOME": "/tmp"} | variables | self.variables
        every["PATH"] = every["PATH"].replace("$PATH", path)
        for name, value in every.items():
            sandbox += ["--setenv", name, value]
        words = [*sandbox, "--chdir", self.place, *command]
        began = time.monotonic()
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
        shown = " ".join(" ".join(command).split())
        print(f"{time.monotonic() - began:5.0f} s  exit {done.returncode}  {shown[:100]}")
        return done


def instructions() -> Iterator[tuple[str, str]]:
    """Yield the instructions of the Dockerfile with their arguments."""
    text = (FOLDER / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if rest and name != "#":
            yield name, rest.strip()


def follow(stage: Stage) -> str:
    """Do what the lines say, and return what went wrong. Lines that make users are the sandbox's."""
    for name, rest in instructions():
        if name == "WORKDIR":
            stage.place = rest
            stage.directory(rest)
        elif name == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            copy(stage, sources, target)
        elif name == "ENV":
            stage.variables |= dict(pair.split("=", 1) for pair in rest.split())
        elif name == "RUN" and "useradd" not in rest:
            done = stage.build(["sh", "-c", rest])
            if done.returncode:
                return f"RUN {rest}: {done.stderr[-2000:]}"
    return ""


def copy(stage: Stage, sources: Sequence[str], target: str) -> None:
    """Copy from the checkout as COPY does."""
    path = Path(stage.place) / target
    for source in sources:
        origin = ROOT / source
        if origin.is_dir():
            without = shutil.ignore_patterns("__pycache__")
            inside = stage.directory(str(path))
            shutil.copytree(origin, inside, dirs_exist_ok=True, ignore=without)
        elif target.endswith("/"):
            shutil.copy2(origin, stage.directory(str(path)) / origin.name)
        else:
            shutil.copy2(origin, stage.directory(str(path.parent)) / path.name)


VERSIONS = """
import json
from importlib.metadata import distributions
print(json.dumps({d.name.lower().replace("_", "-"): d.version for d in distributions()}))
"""
OF_SERVICES = {"g6", "celery", "redis", "flower", "kiteconnect", "influxdb-client", "apprise"}


def locked() -> dict[str, list[str]]:
    """Return the versions of the lock file by library: of some one for each version of Python."""
    versions: dict[str, list[str]] = {}
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        name, sign, version = line.partition(" ;")[0].partition("==")
        if sign:
            versions.setdefault(name.strip().lower().replace("_", "-"), []).append(version.strip())
    return versions


def wrong_libraries(stage: Stage) -> Iterator[str]:
    """Yield what is wrong with the libraries: other versions than the lock's, missing ones, pip."""
    answer = stage.start(["python", "-c", VERSIONS])
    installed: Mapping[str, str] = json.loads(answer.stdout or "{}")
    if missing := OF_SERVICES - installed.keys():
        yield f"libraries are missing: {', '.join(sorted(missing))} {answer.stderr}"
    for name, versions in locked().items():
        if name in installed and installed[name] not in versions:
            yield f"{name} is {installed[name]}, and {versions} in requirements.lock"
    if stage.start(["python", "-m", "pip", "--version"]).returncode == 0:
        yield "pip is in the image"


def wrong_starts(stage: Stage) -> Iterator[str]:
    """Yield which programs of the image do not start."""
    stage.directory(SECRETS)
    secrets = services()["secrets"].command
    yield from _failure(secrets, stage.start(secrets, (SECRETS,)))
    for reader in READERS:
        if not any((stage.binds[SECRETS] / reader).iterdir()):
            yield f"{SECRETS}/{reader} is empty"
    demo = ["g6", "demo", "--cycles", "1", "--speed", "max"]
    for command in (["g6", "--version"], demo, *programs()):
        done = stage.start(command, G6_REDIS__BROKER_URL="" if command == demo else ADDRESS)
        yield from _failure(command, done)


def _failure(command: Sequence[str], done: subprocess.CompletedProcess[str]) -> Iterator[str]:
    if done.returncode:
        yield f"{' '.join(command)}: {done.stdout[-500:]} {done.stderr[-1500:]}"


def programs() -> Iterator[list[str]]:
    """Yield what asks each program of the services of G6 for its help, or imports it."""
    ours = [service.command for service in services().values() if "env_file" in service.facts]
    starts = {tuple(words[:4] if words[0] == "celery" else words) for words in ours}
    for words in sorted(starts):
        if words[0] == "python":
            yield ["python", "-c", f"import {words[-1]}"]
        else:
            yield [*words, "--help"]
    yield ["python", "-c", "import g6.entrypoints.workers.life_sign"]


def main() -> int:
    """Follow the Dockerfile, and judge what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", type=Path, default=Path(sys.base_prefix) / "bin/python3")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="g6-image-") as base:
        stage = Stage(Path(base), options.python.absolute())
        stage.directory("/opt")
        failure = follow(stage)
        wrong = [failure] if failure else [*wrong_libraries(stage), *wrong_starts(stage)]
        files = [path for path in (Path(base) / "opt").rglob("*") if path.is_file()]
        size = sum(path.lstat().st_size for path in files)
        print(f"/opt/g6 has {size / 1e6:.0f} MB in {len(files)} files")
    print("\n".join(wrong) or "the image would run")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
