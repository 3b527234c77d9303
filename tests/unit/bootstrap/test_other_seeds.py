"""A directory of one simulated market takes no rows of another seed without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from g6.bootstrap.stored_files.stored_index_rules import refuse_other_seed
from g6.config import Settings, load
from g6.domain.schema.layout import KIND_OF_ROWS, Folder
from g6.entrypoints.machine.supervisor import running
from g6.errors import Unavailable
from tests.worlds.stored_cycles import store_two_cycles


def settings_of(directory: Path, seed: int, provider: str = "sim") -> Settings:
    values = {"data_dir": directory, "demo_dir": directory, "provider.name": provider}
    return load("", values | {"market.seed": seed}, {})


def write_config(directory: Path, **settings: object) -> None:
    (directory / Folder.CONFIGS).mkdir(exist_ok=True)
    path = directory / Folder.CONFIGS / "c1.json"
    path.write_text(json.dumps({"config_id": "c1", "settings": settings}), "utf-8")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return two cycles of seed 7, collected under configuration c1."""
    store_two_cycles(tmp_path)
    (tmp_path / KIND_OF_ROWS).write_text("sim\n")
    write_config(tmp_path, market={"seed": 7}, provider={"name": "sim"})
    return tmp_path


def test_another_seed_is_refused_and_the_same_one_goes_on(directory: Path) -> None:
    refuse_other_seed(settings_of(directory, 7))
    with pytest.raises(Unavailable, match=r"of seed 7; this run's are of seed 8") as refused:
        refuse_other_seed(settings_of(directory, 8))
    assert "--set market.seed=7" in refused.value.fix
    assert "--mix" in refused.value.fix
    with pytest.raises(Unavailable) as sampled:
        refuse_other_seed(settings_of(directory, 8), has_mix=False)
    assert "--mix" not in sampled.value.fix


def test_a_setting_that_the_configuration_leaves_out_was_at_its_default(directory: Path) -> None:
    write_config(directory)
    with pytest.raises(Unavailable, match="of seed 7"):
        refuse_other_seed(settings_of(directory, 8))


def test_a_run_of_another_seed_ends_before_it_starts_anything(directory: Path) -> None:
    with (
        pytest.raises(Unavailable, match="of seed 7"),
        running(settings_of(directory, 8), fresh=True),
    ):
        pass
    assert not (directory / Folder.REDIS).exists()


@pytest.mark.parametrize("case", ["no configuration", "empty", "of a recording"])
def test_rows_of_which_nobody_knows_the_seed_are_joined(directory: Path, case: str) -> None:
    if case == "no configuration":
        (directory / Folder.CONFIGS / "c1.json").unlink()
    elif case == "empty":
        directory = directory / "new"
        directory.mkdir()
        (directory / KIND_OF_ROWS).write_text("sim\n")
    else:
        write_config(directory, provider={"name": "replay"})
    refuse_other_seed(settings_of(directory, 8))


def test_a_market_that_is_not_simulated_has_no_seed(directory: Path) -> None:
    refuse_other_seed(settings_of(directory, 8, "kite"))
