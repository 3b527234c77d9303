"""Parts of a document as HTML."""

from __future__ import annotations

import re
from functools import partial

from g6.rendering.parts import Line, WideTable, plain_table
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.web_table import FITTING, html_of


def test_a_table_has_its_heads_and_cells_in_order() -> None:
    table = plain_table()
    table.add_column("strike", justify="right")
    table.add_column("OI")
    table.add_row("24000", "5.0")
    html = html_of([table])
    assert html.index("strike") < html.index("OI") < html.index("24000") < html.index("5.0")
    assert "text-align: right" in html


def test_marks_of_the_terminal_are_gone_and_text_is_escaped() -> None:
    html = html_of(["[bold]NIFTY[/bold] < 24000", Line("a & b")])
    assert html == "<p>NIFTY &lt; 24000</p>\n<p>a &amp; b</p>"


def test_lines_of_a_cell_are_lines_in_html() -> None:
    table = plain_table()
    table.add_column("23 Nov\nthis_week")
    assert "23 Nov<br>this_week" in html_of([table])


def test_a_column_is_named_by_the_width_from_which_there_is_room_for_it() -> None:
    columns = [TextColumn("strike", ["24,000"]), TextColumn("volume", ["x" * 60], rank=1)]
    part = WideTable(partial(fitted_table, columns))
    html = html_of([part], fits=True)
    (width,) = map(int, re.findall(r'<th class="w(\d+)"', html))
    assert 60 + len("strike") < width <= 80
    assert f'<td class="w{width}"' in html
    assert f'<p class="fewer f{width}">' in html
    assert f"(width < {width}ch) {{ .w{width} {{ display: none }}" in FITTING
    assert "class=" not in html_of([part])


def test_a_table_that_fits_every_window_has_no_names() -> None:
    part = WideTable(partial(fitted_table, [TextColumn("strike", ["24,000"])]))
    assert "class=" not in html_of([part], fits=True)
