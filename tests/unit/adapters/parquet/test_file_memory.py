"""A memory of files reads each once, anew after it was replaced, and remembers no more than it may."""

from __future__ import annotations

from pathlib import Path

import pytest

from g6.adapters.parquet.file_memory import FileMemory
from g6.files import replace


class Readings:
    """Reads files and notes which."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def text(self, path: Path) -> str:
        self.names.append(path.name)
        return path.read_text(encoding="utf-8")


@pytest.fixture
def readings() -> Readings:
    return Readings()


def test_a_file_that_stands_is_read_once(tmp_path: Path, readings: Readings) -> None:
    file = tmp_path / "day"
    replace(file, b"first")
    memory = FileMemory(readings.text, most=2)
    assert [memory.of(file), memory.of(file)] == ["first", "first"]
    assert readings.names == ["day"]


def test_a_file_that_was_replaced_is_read_anew_and_takes_one_place(
    tmp_path: Path, readings: Readings
) -> None:
    file = tmp_path / "day"
    memory = FileMemory(readings.text, most=2)
    for content in (b"first", b"another one"):
        replace(file, content)
        assert memory.of(file) == content.decode()
    assert len(memory) == 1


def test_the_file_that_was_not_asked_for_longest_is_forgotten(
    tmp_path: Path, readings: Readings
) -> None:
    memory = FileMemory(readings.text, most=2)
    for name in ("a", "b", "c"):
        replace(tmp_path / name, name.encode())
    for name in ("a", "b", "a", "c", "a", "b"):
        assert memory.of(tmp_path / name) == name
    assert readings.names == ["a", "b", "c", "b"]
    assert len(memory) == 2


def test_a_file_that_is_gone_is_said_though_it_was_read(tmp_path: Path, readings: Readings) -> None:
    file = tmp_path / "day"
    replace(file, b"first")
    memory = FileMemory(readings.text, most=2)
    memory.of(file)
    file.unlink()
    with pytest.raises(FileNotFoundError):
        memory.of(file)


def test_a_reading_that_fails_is_not_remembered(tmp_path: Path) -> None:
    file = tmp_path / "day"
    replace(file, b"no number")
    memory = FileMemory(lambda path: int(path.read_text(encoding="utf-8")), most=2)
    with pytest.raises(ValueError, match="invalid literal"):
        memory.of(file)
    assert len(memory) == 0
    replace(file, b"7")
    assert memory.of(file) == 7
