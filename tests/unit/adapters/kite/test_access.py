"""One token for all workers: found, kept, exchanged once, refused once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import pytest

from g6.adapters.clocks import ScaledClock
from g6.adapters.kite.access import Access, KiteCredentials
from g6.adapters.kite.token import Token, issued_token
from g6.adapters.memory.shared_cache import MemorySharedCache
from g6.domain.reports import ProviderState
from g6.errors import ProviderBusy, TokenDead
from tests.waiting import eventually

NOON = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
OWN = KiteCredentials("key", "secret")


class World:
    """A shelf, a file and a clock that several processes share, each with an Access of its own."""

    def __init__(self, base: Path) -> None:
        self.shelf, self.path, self.now = MemorySharedCache(), base / "state" / ".token", NOON
        self.told: list[ProviderState] = []
        self.exchanged: list[str] = []
        self.workers, self.begun = 1, 0

    def access(
        self, credentials: KiteCredentials = OWN, shelf: MemorySharedCache | None = None
    ) -> Access:
        self.begun += 1
        return Access(
            credentials,
            shelf or self.shelf,
            self.path,
            ScaledClock(inf, self.now),
            self.exchange,
            self.told.append,
        )

    def exchange(self, request_token: str) -> Token:
        self.exchanged.append(request_token)
        eventually(lambda: self.begun >= self.workers)
        return issued_token("fresh", "AB1234", self.now)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_without_a_token_the_error_names_the_command_and_a_person_is_told_once(
    world: World,
) -> None:
    for _ in range(3):
        with pytest.raises(TokenDead, match="g6 login"):
            world.access().token()
    assert [(each.state, each.fix) for each in world.told] == [("token", "g6 login")]
    assert world.access().state().to_json() == {
        "state": "missing",
        "expires": None,
        "seconds_left": None,
    }


def test_a_token_that_is_kept_reaches_every_worker_and_the_next_start(world: World) -> None:
    world.access().keep(issued_token("abc", "AB1234", NOON))
    assert world.access().token().value == "abc"
    assert world.access(shelf=MemorySharedCache()).token().value == "abc"


def test_its_file_is_its_owners_alone_and_does_not_show_it(world: World) -> None:
    world.access().keep(issued_token("acc3sstoken", "AB1234", NOON))
    assert world.path.stat().st_mode & 0o777 == 0o600
    assert b"acc3sstoken" not in world.path.read_bytes()
    assert b"acc3sstoken" not in (world.shelf.get("token") or b"")


def test_another_keys_token_is_not_read(world: World) -> None:
    world.access().keep(issued_token("abc", "AB1234", NOON))
    assert world.access(KiteCredentials("key", "other")).state().state == "missing"


def test_a_token_that_cannot_be_opened_asks_for_a_login_and_says_why(world: World) -> None:
    world.path.parent.mkdir(parents=True)
    world.path.write_bytes(
        bytes(range(200))
    )  # the shape of a seal of G6 before Fernet: a nonce, a code, bytes
    with pytest.raises(TokenDead, match="cannot be opened; run g6 login"):
        world.access().token()
    world.access().keep(issued_token("abc", "AB1234", NOON))
    assert world.access().token().value == "abc"


def test_the_newest_login_wins_over_the_settings(world: World) -> None:
    given = KiteCredentials("key", "secret", access_token="given")
    assert world.access(given).token().value == "given"
    world.access(given).keep(issued_token("newer", "AB1234", NOON))
    assert world.access(given).token().value == "newer"


def test_it_counts_down_and_ends(world: World) -> None:
    world.access().keep(issued_token("abc", "AB1234", NOON))
    assert world.access().state().to_json() == {
        "state": "valid",
        "expires": "2026-11-21T00:30:00Z",
        "seconds_left": 18 * 3600.0,
    }
    world.now += timedelta(hours=18)
    assert world.access().state().state == "expired"
    with pytest.raises(TokenDead, match="expired"):
        world.access().token()


def test_a_refused_token_is_given_to_nobody_any_more_and_told_once(world: World) -> None:
    token = issued_token("abc", "AB1234", NOON)
    world.access().keep(token)
    assert isinstance(world.access().refused(token), TokenDead)
    world.access().refused(token)
    assert world.access().state().state == "refused"
    assert len(world.told) == 1


def test_a_login_that_gives_the_same_token_again_makes_it_good(world: World) -> None:
    token = issued_token("abc", "AB1234", NOON)
    world.access().refused(token)
    world.access().keep(token)
    assert world.access().token() == token


def test_many_workers_cost_one_exchange(world: World) -> None:
    given = KiteCredentials("key", "secret", request_token="once")
    world.workers = 8
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: world.access(given).token().value, range(8)))
    assert found == ["fresh"] * 8
    assert world.exchanged == ["once"]


def test_a_request_token_that_failed_is_not_tried_again(world: World) -> None:
    given = KiteCredentials("key", "secret", request_token="bad")

    def refuse(request_token: str) -> Token:
        world.exchanged.append(request_token)
        raise ProviderBusy("down")

    for _ in range(2):
        with pytest.raises(TokenDead):
            Access(given, world.shelf, world.path, ScaledClock(inf, NOON), refuse).token()
    assert world.exchanged == ["bad"]


def test_credentials_are_not_shown() -> None:
    assert "secret" not in repr(OWN)
