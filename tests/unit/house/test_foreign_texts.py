"""Texts that people and programs hand in: of another age, too long, too deep. Each gets a sentence, none a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from g6.adapters.clocks import wall_time
from g6.adapters.kite.rest_client import translate
from g6.adapters.panel_files import verify_manifest_hashes
from g6.config import load
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instants import instant_of_text
from g6.entrypoints.cli.operate import kite_server
from g6.errors import BadConfig, BadInput, ProviderBusy, UserError
from g6.kite_server.logins import AcceptedCredentials
from g6.studies.parameters import cycle_name, listing_instant

DEEP = ["[" * 100_000, '{"a":' * 100_000]
TIME = wall_time()
READERS: list[Callable[[str], object]] = [
    lambda text: instant_of_text(text, TIME),
    lambda text: listing_instant(text, TIME),
    kite_server._instant,
    lambda text: cycle_name(text, TIME),
    parse_z,
    lambda text: load(None, {"market.start": text}),
]
AGES = ["0001-01-01T00:00:00+05:30", "9999-12-31T23:59:59-05:30"]


@pytest.mark.parametrize("text", DEEP, ids=["lists", "objects"])
def test_a_file_of_brackets_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text, "utf-8")
    with pytest.raises(BadConfig, match=r"deep\.json is not JSON"):
        load(path)
    with pytest.raises(BadInput, match=r"deep\.json: is no file of credentials"):
        AcceptedCredentials.read(path)
    path.rename(tmp_path / "manifest.json")
    assert verify_manifest_hashes(tmp_path) == {"manifest.json": "read_error:RecursionError"}


@pytest.mark.parametrize(
    "value", ["[" * 100_000, "[" + "9" * 5_000 + "]"], ids=["brackets", "digits"]
)
def test_a_variable_that_is_no_list_is_refused(value: str) -> None:
    with pytest.raises(BadConfig):
        load(None, {"index_params.NIFTY.expiries": value})


@pytest.mark.parametrize("text", AGES)
@pytest.mark.parametrize("read", [*READERS])
def test_an_instant_of_another_age_is_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises((UserError, ValueError)):
        read(text)


@pytest.mark.parametrize(
    "error", [RecursionError("maximum recursion depth exceeded"), OverflowError("int too large")]
)
def test_an_answer_that_the_brokers_client_cannot_hold_is_a_bad_moment_of_the_server(
    error: Exception,
) -> None:
    assert isinstance(translate(error), ProviderBusy)
