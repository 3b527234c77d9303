"""Hosts in network namespaces of this machine: an address and a name each, on one bridge, with a cable to pull."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field

PREFIX = "198.18"
"""Addresses for measurements between networks (RFC 2544), which no real one has."""
NAMED = 'hostname "$0" && exec "$@"'


class NoNamespaces(OSError):
    """This machine lets this user make no network namespaces."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host.

    Attributes:
        name: What its processes call it.
        namespace: Its network.
        cable: The bridge's end of its cable.
        address: Its address.
    """

    name: str
    namespace: str
    cable: str
    address: str

    @property
    def enter(self) -> tuple[str, ...]:
        """The words before a command that runs on this host."""
        network = f"--net=/run/netns/{self.namespace}"
        return ("/usr/bin/nsenter", network, "/usr/bin/unshare", "--uts", "/bin/sh", "-c", NAMED, self.name)  # fmt: skip


@dataclass(slots=True)
class Network:
    """A bridge and the hosts on it. This process is on it too, at `gateway`."""

    number: int = -1
    hosts: dict[str, Host] = field(default_factory=dict)

    @property
    def gateway(self) -> str:
        """The address of this process."""
        return f"{PREFIX}.{self.number}.1"

    @property
    def _bridge(self) -> str:
        return f"g6b{self.number}"

    def open(self, names: Sequence[str]) -> None:
        """Make the bridge and the hosts.

        Raises:
            NoNamespaces: This machine does not let this user.
        """
        if shutil.which("ip") is None or shutil.which("nsenter") is None:
            raise NoNamespaces("there is no `ip` or no `nsenter`: apt-get install iproute2")
        # The kernel lets one process alone make a bridge of that name.
        for number in random.sample(range(1, 255), 20):
            self.number = number
            refusal = _ip(f"link add {self._bridge} type bridge")
            if "exists" not in refusal:
                break
        if refusal:
            raise NoNamespaces(f"no bridge can be made: {refusal}")
        try:
            self._connect(names)
        except NoNamespaces:
            self.close()
            raise

    def _connect(self, names: Sequence[str]) -> None:
        bridge = self._bridge
        lines = [f"addr add {self.gateway}/24 dev {bridge}", f"link set {bridge} up"]
        for place, name in enumerate(names, 2):
            cable = f"g6c{self.number}x{place}"
            host = Host(name, f"g6-{self.number}-{name}", cable, f"{PREFIX}.{self.number}.{place}")
            self.hosts[name] = host
            lines += [
                f"netns add {host.namespace}",
                f"link add {cable} type veth peer name eth0 netns {host.namespace}",
                f"link set {cable} master {bridge} up",
            ]
        refusal = _ip(*lines)
        for host in self.hosts.values():
            refusal = refusal or _ip(
                f"addr add {host.address}/24 dev eth0", "link set eth0 up", "link set lo up",
                namespace=host.namespace,
            )  # fmt: skip
        if refusal:
            raise NoNamespaces(f"no host can be made: {refusal}")

    def unplug(self, name: str) -> None:
        """Pull a host's cable: nothing arrives, and nobody is told."""
        _done(_ip(f"link set {self.hosts[name].cable} down"))

    def plug(self, name: str) -> None:
        """Put a host's cable back."""
        _done(_ip(f"link set {self.hosts[name].cable} up"))

    def close(self) -> None:
        """Take everything away."""
        for host in self.hosts.values():
            _ip(f"link del {host.cable}")
            _ip(f"netns del {host.namespace}")
        _ip(f"link del {self._bridge}")


def _ip(*lines: str, namespace: str = "") -> str:
    """Run lines of `ip`; return what it complains of, nothing when all went well."""
    place = ["-n", namespace] if namespace else []
    ended = subprocess.run(
        ["ip", *place, "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True,
        timeout=20, check=False,
    )  # fmt: skip
    return (ended.stderr.strip() or "it failed") if ended.returncode else ""


def _done(refusal: str) -> None:
    if refusal:
        raise OSError(refusal)
