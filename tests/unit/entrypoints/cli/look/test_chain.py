"""`g6 chain` over a small store of the simulated market."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import g6 as package
from g6.bootstrap.reading.study_readers import directory_reader
from g6.domain.cycles.cycle import Unit
from g6.domain.pricing.black76 import higher_greeks
from g6.domain.schema import rows
from g6.domain.schema.frame import Frame
from g6.rendering.parts import Line, print_parts
from g6.rendering.tables.stored.chain_dashes import dash_line
from g6.rendering.tables.stored.chain_table import ChainView, chain_table, fitted, parts
from g6.studies.stored import chain_by_strike

MARKET = ("spot", "future", "forward", "vix")
CYCLES = ("2026-11-18T05:30:00Z", "2026-11-18T05:33:00Z")


def test_the_chain_marks_the_strike_at_the_money(g6, stored):
    answer = g6("chain", "finnifty", "--data-dir", str(stored.directory))
    atm = stored.frames[CYCLES[1]].columns["atm"][0]
    assert answer.code == 0
    assert f"▶ {atm:,g} ◀" in answer.out


UNICODE = """\
CALLS                                                               PUTS
   OI   ΔOI   IV                                           IV   ΔOI   OI
 lakh  lakh    %  Δlast   last   STRIKE     last   Δlast    %  lakh lakh
────────────────────────────────────────────────────────────────────────
 9.99 +9.99 99.9 +99.99 999.99   99,999   999.99 -999.99 99.9 +9.99 9.99
 9.99 +9.99 99.9 +99.99 999.99 ▶ 99,999 ◀ 999.99 -999.99 99.9 +9.99 9.99
 9.99 +9.99 99.9 +99.99  99.99   99,999   999.99 -999.99 99.9 +9.99 9.99
calls  OI 99.99 lakh · ΔOI +9.99 lakh · volume 99.99 lakh
puts   OI 99.99 lakh · ΔOI +9.99 lakh · volume 99.99 lakh
PCR 9.99 by OI, 9.99 by volume · max pain 99,999
highest OI: calls 99,999 (9.99 lakh), puts 99,999 (9.99 lakh)
lot 99 units = ₹99.9 lakh
Δ since the close of Tue 99 Nov · lakh: 999,999 · ▶ ◀ ATM
"""
ASCII = """\
CALLS|     |    |      |      |          |      |       |    |     |PUTS
   OI|  dOI|  IV|      |      |          |      |       |  IV|  dOI|  OI
 lakh| lakh|   %| dlast|  last|  STRIKE  |  last|  dlast|   %| lakh|lakh
-----+-----+----+------+------+----------+------+-------+----+-----+----
 9.99|+9.99|99.9|+99.99|999.99|  99,999  |999.99|-999.99|99.9|+9.99|9.99
 9.99|+9.99|99.9|+99.99|999.99|> 99,999 <|999.99|-999.99|99.9|+9.99|9.99
 9.99|+9.99|99.9|+99.99| 99.99|  99,999  |999.99|-999.99|99.9|+9.99|9.99
calls  OI 99.99 lakh . dOI +9.99 lakh . volume 99.99 lakh
puts   OI 99.99 lakh . dOI +9.99 lakh . volume 99.99 lakh
PCR 9.99 by OI, 9.99 by volume . max pain 99,999
highest OI: calls 99,999 (9.99 lakh), puts 99,999 (9.99 lakh)
lot 99 units = Rs99.9 lakh
d since the close of Tue 99 Nov . lakh: 999,999 . > < ATM
"""


@pytest.mark.parametrize(
    ("locale", "table"), [("C.UTF-8", UNICODE), ("C", ASCII)], ids=["unicode", "ascii"]
)
def test_the_table_stands_in_unicode_and_in_ascii(stored, locale, table):
    """Each digit is shown as a 9: this is about signs and columns, not about the market."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LC_", "LANG", "G6_", "NO_COLOR"))
    }
    command = [
        sys.executable,
        "-m",
        "g6.entrypoints.cli",
        "chain",
        "FINNIFTY",
        "--strikes",
        "3",
        "--data-dir",
        stored.directory,
    ]
    done = subprocess.run(
        command, env=clean | {"LC_ALL": locale}, capture_output=True, check=True, timeout=60
    )
    shown = re.sub(r"\d", "9", done.stdout.decode())
    assert [
        line.rstrip() for line in shown[shown.index("CALLS") :].splitlines()
    ] == table.splitlines()


def with_cells(frame: Frame, **cells: object) -> Frame:
    """Return the rows with the first strike's cells replaced."""
    columns = {name: values.copy() for name, values in frame.columns.items()}
    for name, value in cells.items():
        columns[name][0] = value
    return Frame(frame.header, columns)


def test_dashes_have_their_reasons_in_one_line(stored):
    frame = stored.frames[CYCLES[1]]
    reader = directory_reader(stored.directory)
    unit = Unit(CYCLES[1], "FINNIFTY")
    nothing = {f"ce_{name}": np.nan for name in ("last", "bid", "ask", "oi", "iv")}
    changed = with_cells(
        frame, **nothing, ce_quality=64, ce_iv_status="no_price", pe_iv=np.nan, pe_iv_status="stale"
    )
    document = chain_by_strike.document(reader, unit, changed)
    rows = range(1)
    strike = f"{frame.columns['strike'][0]:,g}"
    assert dash_line(document, rows) == (
        f"–  no quote: {strike} CE; no IV of 1 option: quote too old (1)"
    )
    assert dash_line(document, range(0)) == ""


def test_sums_of_some_strikes_say_of_how_many(stored):
    document = _document(stored)
    assert not any("is the sum of" in str(part) for part in parts(document, ChainView()))
    before = document.rows["ce_oi_prev"].astype(np.float64)
    before[0] = np.nan
    known, count = (int(np.isfinite(column).sum()) for column in (before, document.rows["ce_oi"]))
    partial = replace(document, rows={**document.rows, "ce_oi_prev": before})
    lines = [part.text for part in parts(partial, ChainView()) if isinstance(part, Line)]
    sentence = f"ΔOI is the sum of {known} of {count} calls: of the others it is unknown"
    assert (sentence in lines, known) == (True, count - 1)


def test_a_sum_of_some_strikes_says_that_it_is_at_least_so_much(stored):
    document = _document(stored)
    interest = document.rows["pe_oi"].astype(np.float64)
    interest[0] = np.nan
    partial = replace(document, rows={**document.rows, "pe_oi": interest})
    lines = [part.text for part in parts(partial, ChainView()) if isinstance(part, Line)]
    (puts,) = [line for line in lines if line.startswith("puts")]
    count = len(interest)
    assert puts.startswith("puts   OI ≥ ")
    assert f"OI is the sum of {count - 1} of {count} puts: of the others it is unknown" in lines


@pytest.mark.parametrize("command", ["chain", "ladder", "buildup"])
def test_json_and_csv_hold_the_strikes_that_are_named(g6, stored, command):
    place = ("FINNIFTY", "--data-dir", str(stored.directory))
    every = json.loads(g6(command, *place, "--json").out)
    few = json.loads(g6(command, *place, "--strikes", "5", "--json").out)
    of_all, of_few = ([*_strikes(found)] for found in (every, few))
    middle = of_all.index(of_few[0])
    assert (of_few, len(of_few)) == (of_all[middle : middle + 5], 5)
    if command == "chain":
        lines = g6(command, *place, "--strikes", "5", "--csv").out.splitlines()
        assert len(lines) == 1 + 5


def _strikes(found: dict) -> list[float]:
    return found["strike"] if "strike" in found else [row["strike"] for row in found["rows"]]


def test_a_mark_that_is_not_shown_is_not_explained(stored):
    reader = directory_reader(stored.directory)
    document = chain_by_strike.document(
        reader, Unit(CYCLES[1], "FINNIFTY"), stored.frames[CYCLES[1]], second_order=True
    )
    console = Console(width=80)
    with console.capture() as written:
        print_parts(console, parts(document, ChainView(strikes=3)))
    assert "*" not in written.get()


def test_greeks_and_chain_fit_eighty_columns(g6, stored):
    for extra in ((), ("--greeks",), ("--second-order",)):
        out = g6("chain", "FINNIFTY", "--data-dir", str(stored.directory), *extra).out
        assert "…" not in out
        assert max(map(len, out.splitlines())) <= 80


def test_json_holds_every_row_of_the_expiry(g6, stored):
    found = json.loads(g6("chain", "FINNIFTY", "--json", "--data-dir", str(stored.directory)).out)
    frame = stored.frames[CYCLES[1]]
    assert found["cycle"] == CYCLES[1]
    assert [row["strike"] for row in found["rows"]] == frame.columns["strike"].tolist()
    unknown = int(np.isnan(frame.columns["ce_iv"]).sum())
    assert [row["ce_iv"] for row in found["rows"]].count(None) == unknown


def test_second_order_greeks_stand_in_every_row(g6, stored):
    found = json.loads(
        g6("chain", "FINNIFTY", "--json", "--second-order", "--data-dir", str(stored.directory)).out
    )
    columns = stored.frames[CYCLES[1]].columns
    terms = [
        columns[name].astype(float) for name in ("forward", "strike", "years_to_expiry", "rate")
    ]
    for side, phi in (("ce", 1), ("pe", -1)):
        wanted = higher_greeks(columns[f"{side}_iv"].astype(float), *terms, phi)
        for name in ("vanna", "charm", "vomma"):
            told = np.array([row[f"{side}_{name}"] for row in found["rows"]], dtype=float)
            assert np.allclose(told, getattr(wanted, name), rtol=1e-12, equal_nan=True)


def test_csv_holds_every_column(g6, stored):
    lines = list(
        csv.DictReader(
            io.StringIO(g6("chain", "FINNIFTY", "--csv", "--data-dir", str(stored.directory)).out)
        )
    )
    assert list(lines[0]) == [*(column.name for column in rows.CHAIN), "ce_iv_error", "pe_iv_error"]
    oi = stored.frames[CYCLES[1]].columns["ce_oi"]
    assert [line["ce_oi"] for line in lines] == [
        "" if np.isnan(value) else str(int(value)) for value in oi
    ]
    assert lines[0]["timestamp"] == CYCLES[1]


@pytest.mark.parametrize("form", ["--csv", "--json", "pandas", "polars", "arrow", "sql"])
def test_every_export_has_both_sides_of_a_strike_and_the_market_they_were_seen_in(g6, stored, form):
    if form.startswith("--"):
        out = g6("chain", "FINNIFTY", form, "--data-dir", str(stored.directory)).out
        line = (
            json.loads(out)["rows"][0]
            if form == "--json"
            else next(csv.DictReader(io.StringIO(out)))
        )
    elif form == "sql":
        line = package.sql("select * from chain", "arrow", data_dir=stored.directory).to_pylist()[0]
    else:
        loaded = package.load("FINNIFTY", CYCLES[0][:10], engine=form, data_dir=stored.directory)
        line = {
            name: loaded[name][0]
            for name in (loaded.column_names if form == "arrow" else loaded.columns)
        }
    assert all(
        str(line[name]) not in ("", "None", "nan")
        for name in ("timestamp", "expiry", "strike", *MARKET)
    )
    names = {name.removeprefix("ce_") for name in line if name.startswith("ce_")}
    assert (
        names
        == {name.removeprefix("pe_") for name in line if name.startswith("pe_")}
        > {"last", "oi", "volume", "iv", "delta"}
    )


@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_each_solved_volatility_comes_with_its_error(g6, stored, form):
    out = g6("chain", "FINNIFTY", form, "--data-dir", str(stored.directory)).out
    lines = json.loads(out)["rows"] if form == "--json" else list(csv.DictReader(io.StringIO(out)))
    for side in ("ce", "pe"):
        told = {line[f"{side}_iv_status"] == "ok": [] for line in lines}
        for line in lines:
            told[line[f"{side}_iv_status"] == "ok"].append(line[f"{side}_iv_error"])
        assert max(abs(float(each)) for each in told[True]) < 1e-4
        assert set(told[False]) <= {"", None}


def test_as_of_shows_nothing_later(g6, stored):
    answer = g6(
        "chain",
        "FINNIFTY",
        "--json",
        "--as-of",
        "2026-11-18T11:02:00",
        "--data-dir",
        str(stored.directory),
    )
    assert json.loads(answer.out)["cycle"] == CYCLES[0]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("chain", "FINNIFTY", "--as-of", "2026-11-17T10:00:00"), 3, "up to Tue 17 Nov 2026 10:00"),
        (("chain", "FINNIFTY", "--as-of", "noon"), 2, "no instant"),
        (("chain", "FINNIFTY", "--expiry", "2027-01-01"), 3, "2026-11-23 (this_month)"),
        (("chain", "NIFTY"), 3, "nothing of NIFTY"),
        (("chain", "GOLD"), 2, "there are NIFTY"),
        (("chain", "FINNIFTY", "--csv", "--json"), 2, "exclude"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(g6, stored, arguments, code, says):
    answer = g6(*arguments, "--data-dir", str(stored.directory))
    assert answer.code == code
    assert says in answer.err


def test_illiquid_strikes_are_grey(stored):
    frame = stored.frames[CYCLES[1]]
    wide = {side + "ask": np.where(frame.columns["offset"] == 1, 3 * frame.columns[side + "ask"], frame.columns[side + "ask"])
            for side in ("ce_", "pe_")}  # fmt: skip
    unit = Unit(CYCLES[1], "FINNIFTY")
    reader = directory_reader(stored.directory)
    document = chain_by_strike.document(
        reader, unit, Frame(frame.header, {**frame.columns, **wide})
    )
    table = chain_table(document, ChainView(strikes=5))
    assert [row.style for row in table.rows][2:4] == ["bold", "dim"]


@pytest.mark.parametrize("text", ["11:02", "-1m", "2026-11-18 11:02", "Wed 18 Nov 2026 11:02 IST"])
def test_an_instant_is_read_in_every_form_and_counts_from_the_newest_simulated_cycle(
    g6, stored, tmp_path, text
):
    directory = tmp_path / "rows"
    shutil.copytree(stored.directory, directory)
    (directory / ".kind").write_text("sim\n")
    answer = g6("chain", "FINNIFTY", "--json", "--as-of", text, "--data-dir", str(directory))
    assert json.loads(answer.out)["cycle"] == CYCLES[0]
    chain = package.ask.chain("FINNIFTY", at=text, data_dir=directory)
    assert chain.cycle == CYCLES[0]
    rows = package.load("FINNIFTY", CYCLES[0][:10], as_of=text, engine="arrow", data_dir=directory)
    assert set(map(str, rows["timestamp"].to_pylist())) == {"2026-11-18 11:00:00+05:30"}


@pytest.mark.parametrize("words", ["monthly", "this_month", "This Month", "23 Nov", "2026-11-23"])
def test_an_expiry_is_named_by_day_or_bucket(g6, stored, words):
    answer = g6("chain", "FINNIFTY", "--expiry", words, "--data-dir", str(stored.directory))
    assert answer.out.startswith("FINNIFTY Mon 23 Nov 2026 (5 d, this month)")


@pytest.mark.parametrize("width", range(80, 201, 20))
@pytest.mark.parametrize("view", [ChainView(), ChainView(strikes=0, greeks=True)])
def test_a_wider_screen_shows_more_columns_and_none_is_cut(stored, width, view):
    table = chain_table(_document(stored), view, width)
    narrow = chain_table(_document(stored), view, 80)
    assert len(table.columns) >= len(narrow.columns) >= 11
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table)
    lines = console.file.getvalue().splitlines()
    assert not any("…" in line for line in lines)
    assert max(map(len, lines)) <= width
    heads = lines[:3]
    assert {"CALLS", "PUTS", "STRIKE", "lakh", "IV"} <= set(" ".join(heads).split())


def test_the_strike_with_the_most_open_interest_of_a_side_is_marked(stored):
    document = _document(stored)
    table = chain_table(document, ChainView(strikes=0), 80)
    for column, name in ((0, "ce_oi"), (-1, "pe_oi")):
        marks = [cell.startswith("*") for cell in table.columns[column].cells]
        assert marks.index(True) == int(np.nanargmax(document.rows[name]))
        assert sum(marks) == 1


def test_the_sums_are_those_of_all_strikes(stored):
    document = _document(stored)
    frame = stored.frames[CYCLES[1]]
    for sums, side in zip(document.sums, ("ce_", "pe_"), strict=True):
        assert sums.oi == np.nansum(frame.columns[side + "oi"].astype(float))
        assert sums.volume == np.nansum(frame.columns[side + "volume"].astype(float))
    assert document.figures.pcr == pytest.approx(document.sums[1].oi / document.sums[0].oi)
    assert document.previous_session.isoformat() == "2026-11-17"


def test_a_screen_that_is_watched_holds_all_of_it(stored):
    view = fitted(ChainView(), 24)
    console = Console(file=io.StringIO(), width=80, color_system=None)
    print_parts(console, parts(_document(stored), view))
    assert len(console.file.getvalue().splitlines()) < 24


def _document(stored):
    parameters = chain_by_strike.ChainParameters("FINNIFTY")
    return chain_by_strike.answer(directory_reader(stored.directory), parameters)
