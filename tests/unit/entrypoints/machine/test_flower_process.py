"""Flower's options: the loopback, a password that one file knows, no commands, nothing stored."""

from __future__ import annotations

from pathlib import Path

from flower.urls import handlers
from flower.views.monitor import Metrics

from g6.config import load
from g6.entrypoints.machine.flower_process import (
    _asks_for_password,
    flower_options,
    password,
    password_file,
)
from g6.errors.extras import missing


def test_a_password_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = load(None, {"demo_dir": tmp_path, "provider.name": "sim"}, {})
    first = password(settings)
    assert len(first) >= 24
    assert password(settings) == first
    assert password_file(settings).stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_could_read_is_closed_again(tmp_path: Path) -> None:
    settings = load(None, {"demo_dir": tmp_path, "provider.name": "sim"}, {})
    first = password(settings)
    password_file(settings).chmod(0o644)
    assert password(settings) == first
    assert password_file(settings).stat().st_mode & 0o777 == 0o600


def test_a_configured_password_is_written_nowhere(tmp_path: Path) -> None:
    own = {"demo_dir": tmp_path, "provider.name": "sim", "flower.password": "twelve letters"}
    settings = load(None, own, {})
    assert flower_options(settings)["basic_auth"] == ["g6:twelve letters"]
    assert list(tmp_path.rglob("*")) == []


def test_it_is_on_the_loopback_takes_no_commands_and_stores_nothing(tmp_path: Path) -> None:
    options = flower_options(load(None, {"demo_dir": tmp_path, "provider.name": "sim"}, {}))
    facts = {name: options[name] for name in ("address", "read_only", "persistent")}
    assert facts == {"address": "127.0.0.1", "read_only": True, "persistent": False}


def test_pages_that_flower_answers_to_everybody_are_left_out() -> None:
    left_out = [entry for entry in handlers if not _asks_for_password(entry)]
    assert left_out == [("/metrics", Metrics)]


def test_a_missing_flower_is_named_with_its_install_line() -> None:
    assert missing("flower").fix.startswith("pip install 'g6[flower]'")
