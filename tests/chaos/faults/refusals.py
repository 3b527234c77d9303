"""Settings that the lint must refuse, each where a person meets it: at the start of a real command."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field

from g6.config import load
from g6.entrypoints.workers.celery_lint import lint
from tests.chaos.stack import COMMAND_SECONDS, Stack
from tests.chaos.table import NOTHING, fault
from tests.e2e.running import BIN

WORKER = (
    "celery",
    "-A",
    "tests.chaos.application",
    "worker",
    "-Q",
    "collect",
    "-c",
    "1",
    "--without-mingle",
    "--without-gossip",
)
BEAT = ("celery", "-A", "tests.chaos.application", "beat", "--schedule", os.devnull)


@dataclass(frozen=True, slots=True)
class Refused:
    """A setting, what it was set to, the command that must refuse it, and words of the refusal."""

    setting: str
    value: str
    command: tuple[str, ...]
    says: str
    more: dict[str, str] = field(default_factory=dict)
    broker: dict[str, str] = field(default_factory=dict)


def _wrong(
    name: str, setting: str, value: str, says: str, command: tuple[str, ...] = WORKER
) -> Refused:
    return Refused(setting, value, command, says, {"CHAOS": f"wrong:{name}"})


LRU = {"maxmemory-policy": "allkeys-lru"}
PLAIN_WORKER = ("celery", "-A", "g6", "worker", "-Q", "collect", "-c", "1")
REFUSED = (
    _wrong("visibility_timeout", "broker_transport_options.visibility_timeout", "5 s", "visibility_timeout 5 s is less than twice"),
    _wrong("visibility_timeout", "the same, in beat", "5 s", "visibility_timeout 5 s is less than twice", BEAT),
    _wrong("soft_limit_above_hard", "g6.publish: soft_time_limit, time_limit", "20 s, 10 s", "is not below the hard one"),
    _wrong("soft_limit_past_interval", "g6.collect: soft_time_limit at 3 s", "2.9 s", "is not below 0.8 of the interval"),
    _wrong("undeclared_queue", "task_routes of g6.persist", "presist", "g6.persist is routed to queue presist"),
    _wrong("unused_queues", "task_queues", "collect alone", "which nobody declares"),
    Refused("interval", "7", ("g6", "up", "--set", "interval=7"), "does not divide a day"),
    Refused("interval, in a worker", "7", PLAIN_WORKER, "does not divide a day", {"G6_INTERVAL": "7"}),
    Refused(
        "interval, over REST", "5",
        ("g6", "up", "--set", "provider.name=kite", "--set", "ticker.enabled=false", "--set", "interval=5"),
        "the smallest interval that works",
        {f"G6_INDEX_PARAMS__NIFTY__STRIKES_{side}": "400" for side in ("ITM", "OTM")},
    ),
    Refused("maxmemory-policy of the broker", "allkeys-lru", ("g6", "up"), "maxmemory-policy is allkeys-lru", broker=LRU),
    Refused("the same, in a worker", "allkeys-lru", PLAIN_WORKER, "maxmemory-policy is allkeys-lru", broker=LRU),
)  # fmt: skip


@fault(
    "22", "settings that the lint must refuse",
    done="Each wrong setting is given to the command that meets it: `g6 up`, a worker, a beat.",
    seen="Each ends with exit code 2 and a sentence that names the setting and its fix; a broker without its append-only file "
    "is a warning.",
    bare=True,
)  # fmt: skip
def refused(stack: Stack) -> None:
    stack.last = NOTHING
    for each in REFUSED:
        defaults = {name: str(stack.client.config_get(name)[name]) for name in each.broker}  # type: ignore[index]
        for name, value in each.broker.items():
            stack.client.config_set(name, value)
        ended = _ends(stack, each)
        for name, value in defaults.items():
            stack.client.config_set(name, value)
        said = next(
            (line for line in ended.stderr.splitlines() if each.says in line),
            f"it ended with {ended.stderr[-300:]!r}",
        )
        stack.expect(
            ended.returncode == 2 and each.says in said, f"{each.setting} = {each.value}: {said}"
        )
    facts = {"maxmemory_policy": "noeviction", "appendonly": False}
    (warning,) = lint(load(None, {}, {}), {}, **facts)  # type: ignore[arg-type]
    stack.expect("appendonly off" in warning, f"appendonly = no, a warning: {warning}")


def _ends(stack: Stack, each: Refused) -> subprocess.CompletedProcess[str]:
    # A directory of its own: one that holds rows of another kind of market is refused before the settings are looked at.
    rows = stack.world.elsewhere / f"refused-{REFUSED.index(each)}"
    directory = ("--data-dir", str(rows)) if each.command[0] == "g6" else ()
    return subprocess.run(
        [str(BIN / each.command[0]), *each.command[1:], *directory], cwd=stack.world.elsewhere,
        env={**stack.world.environment, **each.more}, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip
