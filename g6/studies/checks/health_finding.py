"""What a look at the machine finds, and the record of one look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from g6.domain.documents.machine_facts import MachineFacts

__all__ = ["Check", "HealthFinding", "redis_client", "well", "wrong"]

MASKED = "***"


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at.
        ok: Whether it is well.
        seen: What it is like.
        fix: The command or edit that mends it, empty when it is well.
    """

    check: str
    ok: bool
    seen: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the machine.

    Attributes:
        name: What its findings are called by.
        sentence: What is wrong when it finds something, for the page of all checks.
        look: Returns its findings: what is wrong, or that it is well.
        of_system: Whether it looks at a running system, and not at all where none runs.
    """

    name: str
    sentence: str
    look: Callable[[MachineFacts], Iterable[HealthFinding]]
    of_system: bool = False


def wrong(check: str, seen: str, fix: str) -> HealthFinding:
    """Return a finding that is to be mended.

    >>> wrong("clock", "it is wrong", "timedatectl set-ntp true").ok
    False
    """
    return HealthFinding(check, ok=False, seen=seen, fix=fix)


def well(check: str, seen: str) -> HealthFinding:
    """Return a finding that is as it should be."""
    return HealthFinding(check, ok=True, seen=seen)


def redis_client(address: str) -> str:
    """Return the beginning of a command of redis-cli that asks a server.

    >>> redis_client("redis://127.0.0.1:6379/0")
    'redis-cli -u redis://127.0.0.1:6379/0'
    >>> redis_client("unix:///run/redis.sock")
    'redis-cli -s /run/redis.sock'
    """
    if MASKED in address:
        # The password is shown nowhere: the shell takes the address from where it was set.
        return 'redis-cli -u "$G6_REDIS__BROKER_URL"'
    if address.startswith("unix://"):
        return f"redis-cli -s {address.removeprefix('unix://').partition('?')[0]}"
    return f"redis-cli -u {address}"
