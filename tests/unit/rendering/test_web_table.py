"""Parts of a document as HTML."""

from __future__ import annotations

from g6.rendering.parts import Line, plain_table
from g6.rendering.web_table import html_of


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
