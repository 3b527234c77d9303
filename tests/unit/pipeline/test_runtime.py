"""Who is expected at a cycle."""

from __future__ import annotations

from dataclasses import replace

from tests.worlds.pipeline import FIRST, World


def test_an_exchange_that_is_closed_is_not_expected(world: World) -> None:
    assert world.runtime.expected("2026-11-18T03:44:00Z") == ()
    assert world.runtime.expected(FIRST) == ("NIFTY", "BANKNIFTY")


def test_a_recording_says_itself_who_is_expected(world: World) -> None:
    runtime = replace(world.runtime, feeds=lambda at: ["NIFTY"] if at.minute == 30 else [])
    assert runtime.expected("2026-11-22T05:30:00Z") == ("NIFTY",)
    assert runtime.expected("2026-11-18T05:31:00Z") == ()
