"""Points of a time series server, held against another reader of the line protocol."""

from __future__ import annotations

import pytest
from line_protocol_parser import parse_line

from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.documents.point_lines import cycle_lines, most_series, option_lines, overview_lines
from g6.simulation.example_unit import FRAME
from tests.integration.influx.outlets import INDEX, OPEN, row_of

UNIT = Unit(OPEN, INDEX)


def test_every_point_of_a_chain_says_what_its_row_says() -> None:
    points = [parse_line(line) for line in option_lines(UNIT, FRAME)]
    columns = FRAME.columns
    by_place = {
        (str(bucket), int(offset)): row
        for row, (bucket, offset) in enumerate(
            zip(columns["bucket"], columns["offset"], strict=True)
        )
    }
    assert len({(*sorted(point["tags"].items()),) for point in points}) == len(points)
    for point in points:
        tags = point["tags"]
        assert set(tags) == {"expiry_code", "index", "offset", "side"}
        assert point["time"] == int(parse_z(OPEN).timestamp())
        row = by_place.get((tags["expiry_code"], int(tags["offset"])))
        if row is None:
            continue
        prefix = tags["side"].lower() + "_"
        assert point["fields"]["strike"] == columns["strike"][row]
        assert point["fields"]["last"] == pytest.approx(columns[f"{prefix}last"][row], rel=1e-11)
        assert point["fields"]["iv"] == pytest.approx(columns[f"{prefix}iv"][row], rel=1e-6)
        assert point["fields"]["oi"] == columns[f"{prefix}oi"][row]


def test_the_window_alone_is_sent_and_a_date_of_two_buckets_twice() -> None:
    points = [parse_line(line) for line in option_lines(UNIT, FRAME)]
    offsets = {int(point["tags"]["offset"]) for point in points}
    assert (min(offsets), max(offsets)) == (-10, 10)
    masks = {int(mask) for mask in FRAME.columns["bucket_mask"]}
    buckets = {point["tags"]["expiry_code"] for point in points}
    assert len(buckets) == sum(mask.bit_count() for mask in masks)


def test_series_never_exceed_the_bound_whatever_the_market_does() -> None:
    series = {line.partition(" ")[0] for line in option_lines(UNIT, FRAME)}
    series |= {
        line.partition(" ")[0] for line in option_lines(Unit("2026-11-18T09:45:00Z", INDEX), FRAME)
    }
    series |= {
        line.partition(" ")[0]
        for line in [*overview_lines(OPEN, [row_of(OPEN)]), *cycle_lines(OPEN, [row_of(OPEN)])]
    }
    assert len(series) <= most_series(1, 4, 10, 10) == 4 * 21 * 2 + 2


def test_overview_and_cycle_are_points_too() -> None:
    (row,) = [parse_line(line) for line in overview_lines(OPEN, [row_of(OPEN)])]
    assert row["tags"] == {"index": INDEX}
    assert row["fields"]["spot"] == 24100.5
    assert row["fields"]["status"] == "OK"
    assert "max_pain_nearest" not in row["fields"]
    (cycle,) = [parse_line(line) for line in cycle_lines(OPEN, [row_of(OPEN)], 0.25)]
    assert cycle["fields"] == {
        "cycle": int(parse_z(OPEN).timestamp()),
        "elapsed_seconds": 0.25,
        "success_rate_pct": 100.0,
        "options_last_cycle": 82,
        "options_NIFTY": 82,
    }
