"""The exchange's file of open interest by participant: read whole, or refused with the reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from g6.adapters.exchange.participant_files import read_participants
from g6.domain.quotes.participants import ParticipantDay
from g6.errors import BadInput

TITLE = '"Participant wise Open Interest (no. of contracts) in Equity Derivatives as on Nov 25, 2024",,,,'
HEADER = (
    "Client Type,Future Index Long,Future Index Short,Future Stock Long,Future Stock Short       ,Option Index Call Long,"
    "Option Index Put Long,Option Index Call Short,Option Index Put Short,Option Stock Call Long,Option Stock Put Long,"
    "Option Stock Call Short,Option Stock Put Short,Total Long Contracts      ,Total Short Contracts"
)
ROWS = {
    "Client": [300, 200, 1, 1, 900, 800, 850, 820, 1, 1, 1, 1, 2003, 1873],
    "DII": [40, 60, 1, 1, 10, 20, 0, 0, 1, 1, 1, 1, 73, 63],
    "FII": [60, 140, 1, 1, 400, 500, 380, 470, 1, 1, 1, 1, 963, 993],
    "Pro": [100, 100, 1, 1, 600, 500, 680, 530, 1, 1, 1, 1, 1203, 1313],
}


def participant_file(path: Path, *, title: str = TITLE, total: int = 500) -> Path:
    """Write a file of a day, with this total of long futures."""
    sums = [sum(column) for column in zip(*ROWS.values(), strict=True)]
    sums[0] = total
    lines = [",".join([name, *map(str, row)]) for name, row in {**ROWS, "TOTAL": sums}.items()]
    path.write_text("\r\n".join([title, HEADER, *lines, ""]))
    return path


def test_a_day_is_read_and_survives_its_document(tmp_path: Path) -> None:
    day = read_participants(participant_file(tmp_path / "fao_participant_oi_25112024.csv"))
    assert day.day == date(2024, 11, 25)
    assert (day.of("FII").index_future_net, day.of("FII").index_future_long_share) == (-80, 0.3)
    assert (day.of("Client").index_call_net, day.of("Pro").index_put_net) == (50, -30)
    assert ParticipantDay.parse(day.document()) == day


def test_the_name_says_the_day_where_the_title_does_not(tmp_path: Path) -> None:
    path = participant_file(tmp_path / "fao_participant_oi_26112024.csv", title=",,")
    assert read_participants(path).day == date(2024, 11, 26)


@pytest.mark.parametrize(
    ("title", "total", "reason"),
    [
        (TITLE, 800, "the participants sum up to 500, and TOTAL says 800"),
        (TITLE.replace("Open Interest", "Trading Volumes"), 500, "holds volumes"),
        ("nothing", 500, "does not say its day"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(
    tmp_path: Path, title: str, total: int, reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        read_participants(participant_file(tmp_path / "p.csv", title=title, total=total))


def test_a_cell_that_is_no_number_is_named_with_its_line(tmp_path: Path) -> None:
    path = participant_file(tmp_path / "p.csv")
    path.write_text(path.read_text().replace("FII,60", "FII,many"))
    with pytest.raises(BadInput, match="future index long 'many' is not a number"):
        read_participants(path)


def test_another_table_is_no_file_of_participants(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="is no file of participants"):
        read_participants(tmp_path / "x.csv")


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = participant_file(tmp_path / "fao_participant_oi_25112024.csv")
    text = path.read_text()
    path.write_text(text.replace("Total Short Contracts", "Future Index Long", 1))
    with pytest.raises(BadInput, match="has no column total short contracts"):
        read_participants(path)
    path.write_text(
        text.replace("Total Short Contracts", "Total Short Contracts,Future Index Long", 1)
    )
    with pytest.raises(BadInput, match="has several columns 'future index long'"):
        read_participants(path)
