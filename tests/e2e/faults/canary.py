"""Secrets that a running system is given, and every place where one of them could stand."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import httpx
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from g6.adapters.redis.server import connect
from g6.kite_server.logins import AcceptedCredentials
from tests.waiting import files_below

SECRETS = AcceptedCredentials(
    "kxdemo81g5", "s3cretq7pm2zz0v4h8w1", "acc3ss9tokenx5j2v7n4y6", "reqt0ken4k8m1p5w9z3"
)
REDIS_PASSWORD = "r3disp4ss0q8n2v6c1"
SERVE_TOKEN = "s3rv3tok3n7h2k9d4m1x"
OWN = {
    "KITE_API_KEY": SECRETS.api_key,
    "KITE_API_SECRET": SECRETS.api_secret,
    "KITE_REQUEST_TOKEN": SECRETS.request_token,
    "G6_SERVE__TOKEN": SERVE_TOKEN,
    "G6_FLOWER__PASSWORD": "fl0w3rp4ss5t8y2w6",
    "G6_INFLUX__TOKEN": "1nfluxtok3n3f7j9b2",
    "G6_ALERTS__CHANNELS": "json://chann3luser:h00kp4ss6z1l8@127.0.0.1:9/h00kpath4r7",
}
"""Variables that hold a secret."""
NEEDLES = (
    *(SECRETS.api_key, SECRETS.api_secret, SECRETS.access_token, SECRETS.request_token),
    *(REDIS_PASSWORD, SERVE_TOKEN, OWN["G6_FLOWER__PASSWORD"], OWN["G6_INFLUX__TOKEN"]),
    *("chann3luser", "h00kp4ss6z1l8", "h00kpath4r7"),
)
PATH = re.compile(r"^[^{}]+$")

Places = dict[str, bytes]
"""What stands somewhere, by the name of the place."""


def protect(url: str) -> str:
    """Give a Redis the password, and return its address with it."""
    with connect(url) as client:
        client.config_set("requirepass", REDIS_PASSWORD)
    return url.replace("redis://", f"redis://:{REDIS_PASSWORD}@")


def files(*directories: Path) -> Places:
    """Return what every file below some directories says, unpacked."""
    return {str(path): unpacked(path, content) for path, content in files_below(*directories)}


def unpacked(path: Path, content: bytes) -> bytes:
    """Return what a file says: a compressed one hides a secret from who searches its bytes."""
    if path.suffix == ".gz":
        return gzip.decompress(content)
    if path.suffix == ".parquet":
        reader = pa.BufferReader(content)
        table = pq.read_table(reader)
        words = [str(name) for name in table.column_names]
        return f"{words} {table.schema.metadata} {table.to_pydict()}".encode()
    return content


def redis_places(url: str) -> Places:
    """Return every key with its value, and what the server knows of its clients."""
    with connect(url) as client:
        # Longer texts would be compressed, and a secret in them not be found.
        client.config_set("rdbcompression", "no")
        found = {
            f"redis {key.decode()}": key + (client.dump(key) or b"")
            for key in client.scan_iter(count=1000)
        }
        for question in ("CLIENT LIST", "CONFIG GET dir", "INFO everything", "SLOWLOG GET 100"):
            found[f"redis {question}"] = str(client.execute_command(*question.split())).encode()
    return found


def web_places(page: str, metrics: str) -> Places:
    """Return what a server answers to who has the token: metrics, panels, events, every document."""
    headers = {"Authorization": f"Bearer {SERVE_TOKEN}"}
    with httpx.Client(headers=headers, trust_env=False, timeout=20.0) as client:
        described = client.get(f"{page}/openapi.json")
        described.raise_for_status()
        routes = described.json()["paths"]
        paths = [path for path, ways in routes.items() if "get" in ways and PATH.match(path)]
        found = {"metrics": client.get(f"{metrics}/metrics").content, "openapi": described.content}
        for path in paths:
            found[f"page {path}"] = begun(client, f"{page}{path}")
        for name in ("overview", "alerts", "status", "provider", "cycles", "workers"):
            found[f"panel {name}"] = begun(client, f"{page}/panels/{name}")
    return found


def begun(client: httpx.Client, url: str) -> bytes:
    """Return the beginning of an answer, whole where it ends."""
    parts: list[bytes] = []
    try:
        with client.stream("GET", url, timeout=3.0) as answer:
            for part in answer.iter_bytes():
                parts.append(part)
                if len(parts) == 200:
                    break
    except httpx.TimeoutException:
        # A stream goes on until somebody leaves.
        pass
    return b"".join(parts)


def titles() -> set[str]:
    """Return the command lines of all processes."""
    return {" ".join(command) for command in _commands()}


def _commands() -> Iterator[list[str]]:
    for process in psutil.process_iter():
        try:
            yield [process.name(), *process.cmdline()]
        except psutil.Error:
            continue


def hits(places: Mapping[str, bytes], needles: Iterable[str]) -> dict[str, str]:
    """Return where a secret stands, and which."""
    return {
        name: needle
        for name, content in places.items()
        for needle in needles
        if needle.encode() in content
    }
