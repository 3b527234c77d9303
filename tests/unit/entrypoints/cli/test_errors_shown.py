"""Every class of error as a person sees it: sentences, never a tuple, a class's name or a traceback."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import typer

from g6 import errors
from g6.entrypoints import cli
from g6.entrypoints.cli import main
from g6.errors import G6Error

# ruff: noqa: ISC004 - a table of sentences

SAMPLES: dict[str, tuple[Callable[[], G6Error], int, str]] = {
    "G6Error": (lambda: errors.G6Error("it went wrong"), 1, "g6: it went wrong"),
    "UserError": (lambda: errors.UserError("no such strike", "g6 chain NIFTY"), 2, "g6: no such strike\n  fix: g6 chain NIFTY"),
    "BadConfig": (lambda: errors.BadConfig("interval = 7", "say 6 or 8"), 2, "g6: interval = 7\n  fix: say 6 or 8"),
    "BadInput": (lambda: errors.BadInput("a.csv", 3, "no strike", "mend it"), 2, "g6: a.csv, row 3: no strike\n  fix: mend it"),
    "UncoveredYear": (
        lambda: errors.UncoveredYear(2031, 2027), 2,
        "g6: the exchange calendar ends with 2027; no session of 2031 is known\n  fix: add the year's holidays and sessions to "
        "config/sessions.local.toml",
    ),
    "Unavailable": (lambda: errors.Unavailable("port 9108 is taken", "stop it"), 2, "g6: port 9108 is taken\n  fix: stop it"),
    "NothingToDo": (
        lambda: errors.NothingToDo("nothing is stored", "g6 data ls"), 3, "g6: nothing is stored\n  fix: g6 data ls",
    ),
    "Retryable": (lambda: errors.Retryable("try again"), 1, "g6: try again"),
    "ProviderBusy": (
        lambda: errors.ProviderBusy("Kite: too many requests", "rate_limit"), 1,
        "g6: Kite: too many requests\n  fix: g6 check says what the provider answers; try again when it does",
    ),
    "StoreBusy": (lambda: errors.StoreBusy("cannot write x: no space; free it"), 1, "g6: cannot write x: no space; free it"),
    "SinkAway": (
        lambda: errors.SinkAway("http://db:8086 does not answer", "g6 influx status"), 1,
        "g6: http://db:8086 does not answer\n  fix: g6 influx status",
    ),
    "SinkRefused": (
        lambda: errors.SinkRefused("http://db:8086 refuses the token"), 1,
        "g6: http://db:8086 refuses the token",
    ),
    "RedisDown": (
        lambda: errors.RedisDown("Redis: refused"), 1,
        "g6: Redis: refused\n  fix: start that server, or see g6 config show --origin for where redis.broker_url was set",
    ),
    "NoWorker": (lambda: errors.NoWorker("nobody serves manual", "g6 up"), 1, "g6: nobody serves manual\n  fix: g6 up"),
    "Terminal": (lambda: errors.Terminal("lost"), 1, "g6: lost"),
    "ProviderRefused": (
        lambda: errors.ProviderRefused("Kite: no permission"), 1,
        "g6: Kite: no permission\n  fix: g6 check says what the provider answers, and why",
    ),
    "UnknownLot": (
        lambda: errors.UnknownLot("NIFTY", date(2016, 1, 28), date(2016, 1, 4), "no circular covers it"), 2,
        "g6: the lot of NIFTY expiring 2016-01-28, as quoted on 2016-01-04, is not known: no circular covers it\n  fix: "
        "use figures in units, or read the lot from the exchange's end-of-day file: g6 lots FILE",
    ),
    "BadDump": (lambda: errors.BadDump("no row can be used"), 1, "g6: no row can be used\n  fix: g6 check kite"),
    "Withheld": (lambda: errors.Withheld("left alone"), 1, "g6: left alone"),
    "BreakerOpen": (
        lambda: errors.BreakerOpen("failed 5 times"), 1,
        "g6: failed 5 times\n  fix: g6 status says when the provider is asked again",
    ),
    "TokenDead": (lambda: errors.TokenDead("the token has ended"), 1, "g6: the token has ended; run g6 login"),
    "FrameMissing": (
        lambda: errors.FrameMissing("the quotes frame is gone"), 1,
        "g6: the quotes frame is gone\n  fix: g6 data gaps lists what is not stored",
    ),
    "Late": (
        lambda: errors.Late("the deadline has passed"), 1,
        "g6: the deadline has passed\n  fix: g6 data gaps lists what is not stored",
    ),
}  # fmt: skip


def classes(root: type[G6Error] = G6Error) -> Iterator[type[G6Error]]:
    yield root
    for below in root.__subclasses__():
        yield from classes(below)


def test_every_class_has_its_sample() -> None:
    ours = {each.__name__ for each in classes() if each.__module__ == "g6.errors"}
    assert ours == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_person_reads_sentences(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make, code, shown = SAMPLES[name]

    def application(_: str) -> typer.Typer:
        app = typer.Typer()

        @app.command()
        def fails() -> None:
            raise make()

        return app

    monkeypatch.setattr(cli, "application", application)
    assert main(["--"]) == code
    said = capsys.readouterr().err
    assert said == shown + "\n"
    assert not re.search(rf"\('|Traceback|{name}\b", said)


@pytest.mark.parametrize("words", [
    ("chain", "NIFTY"), ("analyze", "NIFTY"), ("interest", "NIFTY"), ("moves", "NIFTY"), ("scan", "NIFTY"), ("verify",),
    ("dossier", "NIFTY"), ("buildup", "NIFTY"), ("spreads", "NIFTY"), ("inspect", "NIFTY"), ("plot", "oi", "NIFTY"), ("data", "ls"),
    ("data", "gaps"), ("recompute", "--since", "2026-11-18"),
])  # fmt: skip
def test_where_nothing_is_stored_a_sentence_says_so(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*words, "--data-dir", str(tmp_path)])
    said = capsys.readouterr().err
    assert not re.search(r"\('|Traceback|full trace", said), said
    assert code in (0, 2, 3), said
    assert code == 0 or said.startswith("g6: ")
