"""The exchanges' daily files: lots by contract, and freeze quantities."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date
from pathlib import Path

import pytest

from g6.adapters.exchange.exchange_files import freeze_quantity, read_end_of_day
from g6.errors import BadInput

HEADER = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,FinInstrmNm,"
    "OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,"
    "TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1"
)
OLDER = (
    "INSTRUMENT,SYMBOL,EXPIRY_DT,STRIKE_PR,OPTION_TYP,OPEN,HIGH,LOW,CLOSE,SETTLE_PR,CONTRACTS,VAL_INLAKH,OPEN_INT,CHG_IN_OI,"
    "TIMESTAMP,"
)


def row(
    root: str, expiry: str, lot: str, oi: str = "150", kind: str = "IDO", day: str = "2024-12-26"
) -> str:
    fields = [day, day, "FO", "NSE", kind, "1", "", root, "", expiry, expiry, "24000", "CE", "x"]
    return ",".join([*fields, *["1"] * 8, oi, "0", "1", "1", "1", "F1", lot, "", ""])


def older(root: str, expiry: str, interest: str, day: str = "20-JUL-2021") -> str:
    return f"OPTIDX,{root},{expiry},15700,CE,1,1,1,1,1,10,1,{interest},0,{day},"


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join((header, *lines, "")), "utf-8")
    return path


def test_lots_are_read_by_day_root_and_expiry(tmp_path: Path) -> None:
    lines = (
        row("NIFTY", "2025-01-02", "75"),
        row("NIFTY", "2025-01-30", "25"),
        row("NIFTY", "2025-01-02", "75", kind="IDF"),
    )
    read = read_end_of_day(
        write(tmp_path / "f.csv", *lines, row("INFY", "2025-01-30", "400", kind="STO"))
    )
    day = date(2024, 12, 26)
    assert {key: seen.lots for key, seen in read.contracts.items()} == {
        (day, "NIFTY", date(2025, 1, 2)): {75},
        (day, "NIFTY", date(2025, 1, 30)): {25},
    }
    assert read.left_out == []


def test_a_bad_row_costs_itself_and_is_named(tmp_path: Path) -> None:
    bad = [row("NIFTY", "2025-01-02", lot) for lot in ("", "inf", "75.5", "-75", "x", "7" * 40)]
    bad += [row("NIFTY", "someday", "75"), row("NIFTY", "2025-01-02", "75", day="26/12/2024")]
    read = read_end_of_day(write(tmp_path / "f.csv", *bad, row("NIFTY", "2025-01-02", "75")))
    assert [line for line, _ in read.left_out] == list(range(2, 10))
    assert [seen.lots for seen in read.contracts.values()] == [{75}]


def test_packed_files_and_those_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = "\ufeff" + "\r\n".join((HEADER, row("BSX", "2025-01-07", "20"), ""))
    (tmp_path / "f.csv.gz").write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(tmp_path / "f.csv.zip", "w") as archive:
        archive.writestr("BhavCopy.csv", text)
    for name in ("f.csv.gz", "f.csv.zip"):
        [(_, root, expiry)] = read_end_of_day(tmp_path / name).contracts
        assert (root, expiry) == ("SENSEX", date(2025, 1, 7))


def test_the_older_layout_says_by_which_number_every_open_interest_divides(tmp_path: Path) -> None:
    lines = [
        older("NIFTY", "22-Jul-2021", "150"),
        older("NIFTY", "22-Jul-2021", "225"),
        older("NIFTY", "29-Jul-2021", "50"),
    ]
    read = read_end_of_day(write(tmp_path / "fo.csv", *lines, header=OLDER))
    assert {key[2]: seen.divisor for key, seen in read.contracts.items()} == {
        date(2021, 7, 22): 75,
        date(2021, 7, 29): 50,
    }


@pytest.mark.parametrize("content", [b"", b"<html>", b"a,b\n1,2\n", b"\xff\xfe\x00", b"PK\x03\x04"])
def test_what_is_no_end_of_day_file_is_refused_with_its_name(
    tmp_path: Path, content: bytes
) -> None:
    for name in ("f.csv", "f.csv.gz", "f.zip"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match=name):
            read_end_of_day(tmp_path / name)


def test_the_newest_freeze_file_not_later_than_the_day_answers(tmp_path: Path) -> None:
    folder = tmp_path / "freeze"
    folder.mkdir()
    (folder / "2026-07-01.csv").write_text("SYMBOL ,VOL_FRZ_QTY\nNIFTY,1800\nBANKNIFTY,600\n")
    (folder / "2026-10-05.csv").write_text('SYMBOL,VOL_FRZ_QTY\nNIFTY,"3,510"\n')
    (folder / "notes-x-y.csv").write_text("")
    assert freeze_quantity(tmp_path, "NIFTY", date(2026, 6, 30)) is None
    assert freeze_quantity(tmp_path, "NIFTY", date(2026, 10, 4)) == (1800, date(2026, 7, 1))
    assert freeze_quantity(tmp_path, "NIFTY", date(2026, 11, 20)) == (3510, date(2026, 10, 5))
    assert freeze_quantity(tmp_path, "BANKNIFTY", date(2026, 11, 20)) == (600, date(2026, 7, 1))
    (folder / "2026-11-01.csv").write_text("SYMBOL,VOL_FRZ_QTY\nNIFTY,many\n")
    with pytest.raises(BadInput, match=r"2026-11-01.csv, row 2"):
        freeze_quantity(tmp_path, "NIFTY", date(2026, 11, 20))
