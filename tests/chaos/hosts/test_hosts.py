"""Hosts on a network of their own, and the cheap faults between them; `make hosts` does all of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.chaos import faults
from tests.chaos.hosts.network import Network, NoNamespaces
from tests.chaos.table import FAULTS, Outcome, order, run_together

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]
CHEAP = sorted(
    (each for each in FAULTS if each.setup.hosts and not each.full),
    key=lambda each: order(each.number),
)
LISTENS = "import socket; s = socket.create_server(('0.0.0.0', 7000)); print('ready', flush=True); c, _ = s.accept(); c.sendall(socket.gethostname().encode())"
ASKS = "import socket, sys; print(socket.create_connection((sys.argv[1], 7000), 0.5).recv(99).decode())"  # fmt: skip
assert faults


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    network = Network()
    try:
        network.open(("north", "south"))
    except NoNamespaces as error:
        pytest.skip(f"no network of its own here: {error}")
    yield network
    network.close()


def asked(network: Network) -> str:
    """Return what the south hears of the north, the name of the error where that is all."""
    north, south = network.hosts["north"], network.hosts["south"]
    command = [*south.enter, sys.executable, "-c", ASKS, north.address]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return ended.stdout.strip() or ended.stderr.strip().rpartition("\n")[2].partition(":")[0]


def test_a_host_has_an_address_and_a_name_and_a_cable(network: Network) -> None:
    command = [*network.hosts["north"].enter, sys.executable, "-c", LISTENS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        network.unplug("north")
        assert asked(network) == "TimeoutError"
        network.plug("north")
        assert asked(network) == "north"
        server.wait(10)


@pytest.fixture(scope="module")
def outcomes(network: Network) -> dict[str, Outcome]:
    assert network.hosts
    return {each.fault.number: each for each in run_together(CHEAP, setup=CHEAP[0].setup)}


@pytest.mark.parametrize(
    "number", [each.number for each in CHEAP], ids=[each.name for each in CHEAP]
)
def test_a_fault_between_hosts_is_survived(outcomes: dict[str, Outcome], number: str) -> None:
    assert outcomes[number].wrong() == []


def test_every_unit_has_its_row(outcomes: dict[str, Outcome]) -> None:
    assert sum(outcome.found.rows_found for outcome in outcomes.values()) > 0
    assert sum(outcome.found.statuses["OK"] for outcome in outcomes.values()) > 0
