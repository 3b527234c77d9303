"""A study's answer as a page without scripts: tables, their instants, and how to get the rows."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from g6.rendering import parts, web_table
from g6.rendering.answers.option_words import OptionWords
from g6.studies.documents import StudyDocument
from g6.studies.table import Study

__all__ = ["page_of"]

STYLE = f"""{web_table.FITTING}
body {{ font-family: system-ui, sans-serif; margin: 1rem }}
body {{ color: #1b1b1b; background: #fff }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
th, td {{ padding: 0.15rem 0.8ch; border-bottom: 1px solid #ddd; white-space: nowrap }}
th {{ position: sticky; top: 0; background: #f4f4f4 }}
code {{ background: #f4f4f4; padding: 0.1rem 0.3rem; overflow-wrap: anywhere }}
.rows {{ overflow-x: auto }}
td code {{ white-space: normal }}
.stale {{ background: #b35900; color: #fff; padding: 0.3rem 0.6rem }}
@media (max-width: 30rem) {{
  body {{ margin: 0.5rem }}
  .rows {{ font-size: 0.8rem }}
  th, td {{ padding: 0.15rem 0.4ch; white-space: normal }}
}}
@media (prefers-color-scheme: dark) {{
  body {{ color: #e4e4e4; background: #161616 }}
  th, code {{ background: #262626 }}
  th, td {{ border-color: #3a3a3a }}
}}"""


def page_of(
    study: Study,
    document: StudyDocument,
    about: Mapping[str, object],
    values: Mapping[str, object],
    address: str,
    words: OptionWords,
) -> str:
    """Return the answer of a study as a page.

    Args:
        study: The question.
        document: Its answer.
        about: What is said of the answer beside it.
        values: The parameters of the question, as they were written.
        address: Of the answer, with SUFFIX in place of its form.
        words: What stands for options in its sentences.
    """
    title = f"{study.name} {values.get('index', '')}".strip()
    sentences = parts.with_commands(parts.parts_of(study.name, document), words)
    rows = web_table.html_of(sentences, fits=True)
    stale = '<p class="stale">Older than two intervals.</p>' if about.get("stale") else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · G6</title>
<style>
{STYLE}
</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p>{escape(study.sentence)}</p>
{stale}
<div class="rows" tabindex="0" role="region" aria-label="Rows">
{rows}
</div>
<h2>This answer</h2>
{_facts(about)}
<h2>The same rows elsewhere</h2>
{_elsewhere(study, values, address)}
</main>
</body>
</html>
"""


def _facts(about: Mapping[str, object]) -> str:
    lines = [_line(name.replace("_", " "), escape(_word(value))) for name, value in about.items()]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _line(name: str, cell: str) -> str:
    return f"<tr><th scope='row'>{escape(name)}</th><td>{cell}</td></tr>"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None or value == "" else str(value)


def _elsewhere(study: Study, values: Mapping[str, object], address: str) -> str:
    csv = address.replace("SUFFIX", "csv")
    html = address.replace("SUFFIX", "html")
    lines = [
        ("Google Sheets", f'=IMPORTDATA("{csv}")'),
        ("Google Sheets, as this page", f'=IMPORTHTML("{html}", "table", 1)'),
        ("Calc and Excel", address.replace("SUFFIX", "xlsx")),
        ("Python", python_line(study, values)),
    ]
    rows = [_line(name, f"<code>{escape(text)}</code>") for name, text in lines]
    links = " ".join(
        f'<a href="{escape(address.replace("SUFFIX", suffix))}">{suffix}</a>'
        for suffix in ("json", "ndjson", "csv", "arrow", "xlsx")
    )
    return "<table>\n" + "\n".join(rows) + f"\n</table>\n<p>{links}</p>"


def python_line(study: Study, values: Mapping[str, object]) -> str:
    """Return the line that asks the same in Python."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return f"import g6; g6.ask.{study.name}({arguments})"
