"""Who listens on a port, in words that a person can act on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from g6.adapters.data_dir.owner import System
from g6.entrypoints.machine.port_holder import PortHolder, port_holder
from tests.waiting import eventually
from tests.worlds.owning import owned

LISTEN = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); time.sleep(60)"


def test_nobody_holds_a_port_that_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert port_holder(port) is not None
    assert port_holder(port) is None


def test_another_program_is_named_with_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        holder = port_holder(listening.getsockname()[1])
    assert holder is not None
    assert (holder.pid, holder.directory) == (os.getpid(), None)
    sentence = str(holder.refusal("127.0.0.1:9108", "serve.metrics_port", ["g6", "up"]))
    assert f"(process {os.getpid()}) does" in sentence
    assert "serve.metrics_port" in sentence


@pytest.mark.skipif(sys.platform != "linux", reason="the files of another process are looked at")
def test_another_g6_is_named_by_its_directory_and_the_process_that_can_be_stopped(
    tmp_path: Path,
) -> None:
    log = tmp_path / "logs/serve.log"
    log.parent.mkdir()
    with (
        owned(tmp_path, "sim", System.of_its_own("g6"), who="g6 up"),
        log.open("w") as output,
        subprocess.Popen([sys.executable, "-c", LISTEN], stdout=output) as serve,
    ):
        try:
            port = int(eventually(log.read_text))
            holder = port_holder(port)
        finally:
            serve.kill()
    assert holder == PortHolder(os.getpid(), "g6 up", tmp_path, f"127.0.0.1:{port}")
    beside = ["g6", "up", "--data-dir", "my rows"]
    sentence = str(holder.refusal(f"0.0.0.0:{port}", "serve.metrics_port", beside))
    assert f"and answers on 127.0.0.1:{port}" in sentence
    assert f"another G6 runs on {tmp_path} (g6 up, process {os.getpid()})" in sentence
    assert f"kill -TERM {os.getpid()}" in sentence
    assert sentence.endswith("beside it: g6 up --data-dir 'my rows'")
