"""The bytes of a frame."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from g6.adapters.redis.frames import decode, encode
from g6.domain.schema.frame import Frame

FRAME = Frame(
    {"b": 1, "a": [1.5, None]},
    {
        "expiry": np.array(["2026-11-24", "NaT"], "datetime64[D]"),
        "bid": np.array([1.05, np.nan]),
        "symbol": np.array(["A", "A"], object),
    },
)


def test_the_same_frame_gives_the_same_bytes() -> None:
    again = Frame(
        {"a": [1.5, None], "b": 1}, {name: column.copy() for name, column in FRAME.columns.items()}
    )
    assert encode(again).equals(encode(FRAME))


def test_any_arrow_reader_can_read_it() -> None:
    table = pa.ipc.open_stream(encode(FRAME)).read_all()
    assert table.schema.types == [pa.date32(), pa.float64(), pa.dictionary(pa.int32(), pa.string())]
    assert table.column("symbol").to_pylist() == ["A", "A"]
    assert table.column("bid").null_count == 0


def test_numbers_are_not_copied() -> None:
    raw = encode(FRAME).to_pybytes()
    bid = decode(raw).columns["bid"]
    assert not bid.flags.owndata
    assert not bid.flags.writeable


def test_a_column_is_made_once_when_it_is_read() -> None:
    columns = decode(encode(FRAME).to_pybytes()).columns
    assert list(columns) == list(FRAME.columns)
    assert columns["symbol"] is columns["symbol"]
    with pytest.raises(KeyError):
        columns["ask"]


def test_days_and_text_that_are_not_there_stay_so() -> None:
    frame = Frame(
        {}, {"expiry": FRAME.columns["expiry"], "source": np.array(["rest", None], object)}
    )
    back = decode(encode(frame).to_pybytes()).columns
    assert np.isnat(back["expiry"]).tolist() == [False, True]
    assert back["source"].tolist() == ["rest", None]


def test_unicode_columns_become_text() -> None:
    back = decode(encode(Frame({}, {"bucket": np.array(["this_week", "next_week"])})).to_pybytes())
    assert back.columns["bucket"].tolist() == ["this_week", "next_week"]
    assert back.columns["bucket"].dtype == object


@pytest.mark.parametrize(
    "dtype",
    [bool, np.int8, np.int32, np.int64, np.uint32, np.float32, np.float64, "datetime64[us]"],
)
def test_a_type_survives(dtype: str) -> None:
    column = np.array([0, 1, 1, 0]).astype(dtype)
    back = decode(encode(Frame({}, {"x": column})).to_pybytes()).columns["x"]
    assert back.dtype == column.dtype
    assert back.tolist() == column.tolist()


def test_every_other_row_of_a_column_can_be_written() -> None:
    column = np.arange(10.0)[::2]
    assert decode(encode(Frame({}, {"x": column})).to_pybytes()).columns["x"].tolist() == [
        0.0,
        2.0,
        4.0,
        6.0,
        8.0,
    ]


def test_a_header_may_stand_alone() -> None:
    assert decode(encode(Frame({"status": "OK"})).to_pybytes()) == Frame({"status": "OK"})
