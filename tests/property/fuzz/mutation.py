"""Wrong inputs from right ones: bits flipped, bytes at their limits, parts cut, doubled, moved and crossed."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence

LIMITS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
WORDS = (
    b"NaN", b"-1", b"1e999", b"null", b"true", b"[]", b"{}", b'""', b"\x00", b"\xff\xfe", b"[" * 2000,
    b"9" * 400, b"\xed\xa0\x80", b'"', b",", b"\n", b"\r", b"2026-02-30", b"0000-00-00", b"-0", b"Infinity",
)  # fmt: skip
"""What readers of text trip over."""


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Return a wrong input: a right one after one to four changes."""
    content = chance.choice(seeds)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        content = chance.choice(CHANGES)(chance, content, seeds)
    return content


def _flip(chance: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    if not content:
        return content
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _limit(chance: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    number = chance.choice(LIMITS)
    form = chance.choice((">B", ">H", "<H", ">I", "<I"))
    piece = struct.pack(form, number & (256 ** struct.calcsize(form) - 1))
    at = chance.randrange(len(content) + 1)
    return content[:at] + piece + content[at + len(piece) :]


def _cut(chance: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    first, last = _span(chance, content)
    return content[:first] if chance.random() < 0.5 else content[:first] + content[last:]


def _double(chance: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    first, last = _span(chance, content)
    return content[:last] + content[first:last] * chance.choice((1, 1, 3)) + content[last:]


def _word(chance: random.Random, content: bytes, _seeds: Sequence[bytes]) -> bytes:
    first, last = _span(chance, content)
    return content[:first] + chance.choice(WORDS) + content[last if last - first < 16 else first :]


def _cross(chance: random.Random, content: bytes, seeds: Sequence[bytes]) -> bytes:
    other = chance.choice(seeds)
    return content[: chance.randrange(len(content) + 1)] + other[chance.randrange(len(other) + 1) :]


def _span(chance: random.Random, content: bytes) -> tuple[int, int]:
    first, last = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return first, min(last, first + 4096)


CHANGES: tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...] = (
    _flip, _flip, _limit, _limit, _cut, _double, _word, _cross,
)  # fmt: skip
