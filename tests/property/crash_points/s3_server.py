"""A real S3 server from a wheel, for tests of cold places."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.waiting import eventually
from tests.worlds.web.ports import free_port

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
"""What a client of it has in its environment."""


def weed() -> str | None:
    """Return the program, None where the wheel is not installed."""
    return shutil.which("weed", path=str(Path(sys.executable).parent))


@contextmanager
def s3_server(folder: Path) -> Iterator[int]:
    """Run the server in a folder, and yield the port that it answers on."""
    program = weed()
    assert program is not None
    folder.mkdir(parents=True, exist_ok=True)
    keys = {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}
    identity = {"name": "g6", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = [free_port() for _ in range(8)]
    names = [
        f"-{part}.port{kind}"
        for part in ("master", "volume", "filer", "s3")
        for kind in ("", ".grpc")
    ]
    options = [f"{name}={port}" for name, port in zip(names, ports, strict=True)]
    words = ["server", "-s3", "-ip=127.0.0.1", f"-dir={folder}", f"-s3.config={folder}/s3.json"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *words, *options], stdout=log, stderr=log)
    try:
        eventually(lambda: _answers(f"http://127.0.0.1:{ports[6]}/"), every=0.2)
        yield ports[6]
    finally:
        # It flushes its volumes for more than 20 s when it is asked to end.
        process.kill()
        process.wait(90)


def address(port: int, prefix: str = "g6") -> str:
    """Return the address of a folder in the bucket `days`."""
    return f"s3://days/{prefix}?endpoint_override=127.0.0.1:{port}&scheme=http&region=local"


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code < 500
    except httpx.HTTPError:
        return False
