from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from g6.domain.documents.chain_rows import chain_frame, csv_rows
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes.quotes import DEPTH_FIELDS, QUOTE_FIELDS
from g6.domain.quotes.stamp import from_frame, to_frame
from g6.domain.schema import rows
from g6.domain.schema.frame import Frame
from g6.domain.schema.layout import offset_name

CE, PE = 0, 1
NAN = float("nan")
WINDOW = (10, 10)


def same(left, right):
    return left.dtype == right.dtype and repr(left.tolist()) == repr(right.tolist())


def records(lines, *, greeks=True):
    header = rows.csv_header(greeks)
    return {
        key: dict(zip(header, next(csv.reader(io.StringIO(line))), strict=True))
        for key, line in lines.items()
    }


def test_the_frame_has_exactly_the_columns_of_a_chain_row_in_order(world):
    frame = chain_frame(world.chain())
    assert list(frame.columns) == [column.name for column in rows.CHAIN]
    assert {len(column) for column in frame.columns.values()} == {len(world.quotes)}


def test_each_column_has_the_type_of_its_kind(world):
    frame = chain_frame(world.chain())
    kinds = {
        "instant": "f",
        "float": "f",
        "iv": "f",
        "text": "O",
        "date": "M",
        "flags": "i",
        "integer": "if",
    }
    for column in rows.CHAIN:
        assert frame.columns[column.name].dtype.kind in kinds[column.kind], column.name
        if column.kind == "iv" and not column.name.endswith("status"):
            assert frame.columns[column.name].dtype == np.float32


def test_the_figures_of_an_expiry_stand_in_each_of_its_rows(world):
    chain = world.chain()
    frame = chain_frame(chain)
    i = world.at(24200.0, "2026-09-01")
    row = {name: column[i] for name, column in frame.columns.items()}
    assert (row["bucket"], row["bucket_mask"], row["dte"], row["atm"]) == (
        "next_week",
        2,
        13,
        24150.0,
    )
    assert (row["forward"], row["forward_source"]) == (chain.expiries[1].forward.value, "parity")
    assert (row["offset"], row["model"], row["rate"], row["config_id"]) == (
        1,
        "black76",
        0.055,
        "c1",
    )
    assert (row["spot"], row["spot_age_seconds"], row["underlying"]) == (24050.0, 2.0, "NIFTY")
    assert row["observed_at"] == row["timestamp"] + 0.25


def test_the_figures_of_an_option_stand_under_its_side(world):
    world.put(PE, world.at(24000.0), bid=50.0, ask=50.5, oi=130.0)
    chain = world.chain()
    i = world.at(24000.0)
    row = {name: column[i] for name, column in chain_frame(chain).columns.items()}
    assert (row["pe_price"], row["pe_price_source"], row["pe_oi"], row["pe_age_seconds"]) == (
        50.25,
        "mid",
        130.0,
        1.0,
    )
    assert (row["pe_iv"], row["pe_iv_status"]) == (np.float32(chain.vol.iv[PE, i]), "ok")
    assert row["ce_oi"] == chain.quotes.oi[CE, i]


def test_a_row_has_the_best_level_the_sums_the_microprice_and_the_score(world):
    i = world.at(24000.0)
    world.put(
        PE,
        i,
        bid=50.0,
        ask=51.0,
        bid_quantity=65.0,
        ask_quantity=195.0,
        bid_depth=650.0,
        ask_depth=1300.0,
    )
    row = {name: column[i] for name, column in chain_frame(world.chain()).columns.items()}
    assert (row["pe_bid_depth"], row["pe_ask_depth"]) == (650.0, 1300.0)
    assert row["pe_microprice"] == np.float32((50.0 * 195 + 51.0 * 65) / 260)
    assert row["pe_liquidity"] == np.float32(round(1 / (1 + 1 / 50.5 / 0.1), 3))
    assert "pe_bid_2" not in row


def test_a_frame_keeps_the_levels_behind_the_best_and_an_older_one_has_none(world):
    deep = {name: np.full((2, len(world.quotes)), float(n)) for n, name in enumerate(DEPTH_FIELDS)}
    frame = to_frame(replace(world.quotes, values={**world.quotes.values, **deep}), world.stamp)
    quotes, _ = from_frame(frame)
    assert all(np.array_equal(quotes.values[name], deep[name]) for name in DEPTH_FIELDS)
    older = {
        name: column
        for name, column in frame.columns.items()
        if name[3:] not in {*DEPTH_FIELDS, "bid_depth", "ask_depth"}
    }
    quotes, _ = from_frame(replace(frame, columns=older))
    assert set(quotes.values) == set(QUOTE_FIELDS)
    assert np.isnan(quotes.values["bid_depth"]).all()


def test_a_chain_made_again_from_its_rows_is_the_same(world):
    world.lose(PE, 3)
    world.unlist(CE, 5)
    world.put(CE, 7, oi=-65.0, bid=NAN)
    frame = chain_frame(world.chain(slots=world.remembering(24050.0)))
    again = chain_frame(assemble(*from_frame(frame)))
    assert again.header == frame.header
    assert [
        name for name in frame.columns if not same(frame.columns[name], again.columns[name])
    ] == []


def test_another_rate_changes_the_rows(world):
    frame, other = chain_frame(world.chain()), chain_frame(world.priced(risk_free_rate=0.07))
    changed = {name for name in frame.columns if not same(frame.columns[name], other.columns[name])}
    assert {"rate", "ce_iv", "pe_rho"} <= changed
    assert "ce_last" not in changed


def test_an_expiry_of_two_buckets_has_a_line_under_both(world):
    found = records(csv_rows(chain_frame(world.chain()), WINDOW))
    assert {bucket for bucket, _ in found} == {"this_week", "this_month", "next_week"}
    weekly, monthly = found["this_week", 2], found["this_month", 2]
    assert weekly["expiry_tag"] == "this_week"
    assert weekly | {"expiry_tag": "this_month"} == monthly
    assert weekly["bucket_mask"] == "5"


def test_a_custom_expiry_is_filed_under_its_own_name(world):
    slots = (
        world.stamp.slots[0],
        replace(world.stamp.slots[1], bucket="nth_2", mask=0),
    )
    assert ("nth_2", 0) in csv_rows(chain_frame(world.chain(slots=slots)), WINDOW)


def test_only_the_window_is_written(world):
    found = csv_rows(chain_frame(world.chain()), (2, 3))
    assert sorted(offset for bucket, offset in found if bucket == "this_week") == [
        -2,
        -1,
        0,
        1,
        2,
        3,
    ]


def test_a_line_says_what_the_chain_says(world):
    world.put(CE, world.at(24150.0), last=101.35, average_price=99.5, volume=650.0, oi=1300.0)
    world.put(PE, world.at(24150.0), last=100.1, average_price=98.25)
    chain = world.chain()
    i = world.at(24150.0)
    record = records(csv_rows(chain_frame(chain), WINDOW))["this_week", 1]
    assert (record["timestamp"], record["index"], record["expiry"]) == (
        "2026-08-19T06:00:00Z",
        "NIFTY",
        "2026-08-25",
    )
    assert (record["offset"], record["strike"], record["atm"], record["index_price"]) == (
        "+1",
        "24150",
        "24100",
        "24050",
    )
    assert (record["ce"], record["pe"], record["tp"]) == ("101.35", "100.1", "201.45")
    assert (record["avg_ce"], record["avg_pe"], record["avg_tp"]) == ("99.5", "98.25", "197.75")
    assert (record["ce_vol"], record["ce_oi"], record["lot_size"]) == ("650", "1300", "65")
    assert float(record["ce_iv"]) == pytest.approx(chain.vol.iv[CE, i], rel=1e-6)
    assert float(record["pe_theta"]) == pytest.approx(chain.greeks.theta[PE, i], rel=1e-6)


def test_what_is_missing_is_empty(world):
    world.lose(PE, world.at(24150.0))
    record = records(csv_rows(chain_frame(world.chain()), WINDOW))["this_week", 1]
    assert [record[name] for name in ("pe", "tp", "pe_vol", "pe_oi", "pe_iv", "pe_delta")] == [
        ""
    ] * 6
    assert record["ce"]


ODD = {
    "float": (0.1 + 0.2, -0.0, 0.0, 1e-7, -1e300, float("inf"), 123456789012.34567, NAN, 24100.0),
    "iv": (0.12345679, -0.0, 3e-11, float("-inf"), 1.0, NAN),
    "integer": (-0.0, 0.0, 2.0**52 + 1, 65.0, NAN),
}
FORMS = {"iv": "%.7g", "integer": "%d", "flags": "%d"}


@pytest.mark.parametrize("seed", range(5))
def test_every_cell_is_written_as_its_number_is_by_itself(world, seed):
    chance = np.random.default_rng(seed)
    frame = chain_frame(world.chain())
    kinds = {column.name: column.kind for column in rows.CHAIN}
    columns = dict(frame.columns)
    for name, values in frame.columns.items():
        if values.dtype.kind == "f" and kinds[name] in ODD and name != "offset":
            columns[name] = chance.choice(ODD[kinds[name]], len(values)).astype(values.dtype)
    found = records(csv_rows(Frame(frame.header, columns), WINDOW))
    firsts = {"this_week": "2026-08-25", "this_month": "2026-08-25", "next_week": "2026-09-01"}
    for (bucket, offset), record in found.items():
        is_row = columns["expiry"] == np.datetime64(firsts[bucket])
        (place,) = np.flatnonzero(is_row & (columns["offset"] == offset))
        for name in rows.csv_header(greeks=True)[3:]:
            source = rows.CSV_SOURCES.get(name, name)
            if name in rows.CSV_SUMS:
                with np.errstate(invalid="ignore"):
                    call, put = rows.CSV_SUMS[name]
                    value = columns[call][place] + columns[put][place]
            elif name in ("expiry", "offset"):
                continue
            else:
                value = columns[source][place]
            form = FORMS.get(kinds.get(source), "%.12g")
            assert record[name] == ("" if np.isnan(value) else form % value.item()), name


def test_with_greeks_off_their_columns_are_absent(world):
    line = csv_rows(chain_frame(world.priced(enabled=False)), WINDOW)["this_week", 0]
    assert len(line.split(",")) == len(rows.csv_header(greeks=False))


def test_with_greeks_paused_by_a_switch_their_columns_stay_and_are_empty(world):
    record = records(csv_rows(chain_frame(world.chain(greeks=False)), WINDOW))["this_week", 0]
    assert record["ce_iv"] == record["pe_vega"] == ""


def test_a_chain_without_an_atm_has_no_offset_lines(world):
    world.see(spot=NAN)
    for name in ("bid", "ask", "last"):
        world.quotes.values[name][:] = NAN
    assert csv_rows(chain_frame(world.chain()), WINDOW) == {}


def test_offsets_are_named_with_their_sign():
    assert [offset_name(each) for each in (-10, -1, 0, 1, 10)] == ["-10", "-1", "0", "+1", "+10"]
