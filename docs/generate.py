"""Writes the generated files again, or says with --check which are stale.

A page is one line in GENERATED: its path and the function that writes it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from deploy import compose_file, kubernetes_file, unit_files
from docs import capacity_page, llms_page, one_quote, pager_page
from g6.config.settings_reference import example_environment, json_schema, scaffold, settings_page
from g6.domain.figures.contracts import definitions as contracts
from g6.domain.schema import rows
from g6.entrypoints.cli.shared.help.help_file import help_content, help_text
from g6.entrypoints.cli.shared.help.help_pages import book_of
from g6.observability import glossary
from g6.observability.catalogue.dashboards import DASHBOARDS
from g6.observability.generators import alerts_page, grafana, prometheus_files
from g6.rendering.picture_reference import pictures_page
from g6.rendering.reference import studies_page
from g6.studies.checks.machine_health import CHECKS

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written by `make docs` (docs/generate.py); edit {source} instead. -->\n\n"


def settings() -> str:
    return NOTE.format(source="g6/config/sections.py") + settings_page()


def cli() -> str:
    book = book_of(help_content())
    helps = {"g6": book.overview(100)} | {
        f"g6 {words}": page.lines(100) for words, page in book.pages.items()
    }
    texts = [f"## {name}\n\n```text\n{chr(10).join(lines)}\n```\n" for name, lines in helps.items()]
    return (
        NOTE.format(source="g6/entrypoints/cli")
        + f"# Command line\n\nExit codes: {EXIT_CODES}\n\n{chr(10).join(texts)}"
    )


EXIT_CODES = "0 done, 1 failed, 2 the person can mend it, 3 there is nothing (any more) to do it on, 130 interrupted."


OFFSET_FILE = """## Offset file (CSV)

The columns of the Greeks are there only while `greeks.enabled`. An offset file changes strike as ATM drifts; for one strike
through the day say `g6.load(strike=…)`.
"""


def columns() -> str:
    title = f"# Columns\n\nSchema version {rows.SCHEMA_VERSION}. Schemas grow by appending; select by name."
    tables = [
        table("Chain row (Parquet)", rows.CHAIN),
        table("Overview row (Parquet and CSV)", rows.OVERVIEW),
    ]
    header = f"```text\n{wrapped(rows.csv_header(greeks=True))}\n```\n"
    return NOTE.format(source="g6/domain/schema/rows.py") + "\n\n".join(
        [title, *tables, OFFSET_FILE + "\n" + header + "\n" + csv_names()]
    )


def csv_names() -> str:
    """Return the table of the names that an offset file has for a chain row's columns."""
    sources = {name: f"`{source}`" for name, source in rows.CSV_SOURCES.items()}
    for name, (call, put) in rows.CSV_SUMS.items():
        sources[name] = f"`{call}` + `{put}`"
    lines = [
        "Its columns have the names of a chain row, which `g6.load`, `g6.sql` and `g6 export` have too, but for these:",
        "",
        "| offset file | `g6.load` |",
        "|---|---|",
        *(f"| `{name}` | {sources[name]} |" for name in rows.CSV_HEADER if name in sources),
    ]
    return "\n".join(lines) + "\n"


def studies() -> str:
    return NOTE.format(source="g6/studies") + studies_page()


def pictures() -> str:
    return NOTE.format(source="g6/rendering/pictures") + pictures_page()


CHECKS_HEAD = """# What the doctor looks at

`g6 doctor` looks at each of these in turn and names what is wrong, with the command that mends it. Those of a running system are
left out where none runs. The exit code is 1 when something is wrong.

| check | what is wrong when it is found | of a running system |
|---|---|---|
"""


def checks() -> str:
    """Return the table of the doctor's checks."""
    lines = [
        f"| {check.name} | {check.sentence} | {'yes' if check.of_system else ''} |"
        for check in CHECKS
    ]
    return NOTE.format(source="g6/studies/checks") + CHECKS_HEAD + "\n".join(lines) + "\n"


def metrics() -> str:
    return NOTE.format(source="g6/observability/catalogue/families") + glossary.render()


def alerts() -> str:
    return NOTE.format(source="g6/observability/catalogue") + alerts_page.render()


PLANTED_HEAD = """# Planted bugs

Each bug is planted alone in a copy of G6. Then schedules of the [simulation](../simulation.md) run until one fails; the list of
its deviations is shrunk. The last column is the first unit test that fails with the bug, without the simulation: of the pipeline,
the tasks' door and the contracts of the adapters in memory. Where the schedules were not counted from seed 0, the seed is named.
Where some before the one that fails were counted and not run, their number stands behind a ≤: one of them may find the bug sooner.
A schedule fails with its bug planted and not without it: `python -m tests.planted --replay --only "twin"` runs it both ways.

`make planted`, {date}: {found} of {count} bugs were found by the simulation. Of {ran} for which the unit tests were run, they
found {by_units}.

| bug | schedules | deviations | the judge says | unit test |
|---|---:|---:|---|---|
"""


def runbook_index() -> str:
    path = ROOT / "docs/runbooks/index.md"
    return alerts_page.runbook_index(path.read_text(encoding="utf-8"))


def pager() -> str:
    return NOTE.format(source="tests/pager, and run make pager") + pager_page.render()


def capacity() -> str:
    source = "g6/domain/cycles/capacity_constants.py, and run make bench-scale"
    return NOTE.format(source=source) + capacity_page.render()


def planted() -> str:
    """Return the table of planted bugs, from the last measurement."""
    bugs = json.loads((ROOT / "benchmarks/planted.json").read_text(encoding="utf-8"))
    lines = []
    for bug in bugs:
        unit_test = bug["unit_test"]
        if unit_test is None:
            test = "not run"
        else:
            test = f"`{unit_test.rpartition('::')[2]}`" if unit_test else "none"
        since = f", from seed {bug['first']}" if bug.get("first") else ""
        most = "≤ " if bug.get("is_bound") else ""
        count = f"{most}{bug['schedules'] or 'none'}"
        lines.append(
            f"| {bug['bug']} | {count}{since} | {len(bug['deviations'])} "
            f"| {bug['judge']} | {test} |"
        )
    head = PLANTED_HEAD.format(
        date=max(bug["measured"] for bug in bugs),
        count=len(bugs),
        found=sum(bool(bug["schedules"]) for bug in bugs),
        ran=sum(bug["unit_test"] is not None for bug in bugs),
        by_units=sum(bool(bug["unit_test"]) for bug in bugs),
    )
    return (
        NOTE.format(source="tests/planted, and run make planted") + head + "\n".join(lines) + "\n"
    )


def table(title: str, members: tuple[rows.Column, ...]) -> str:
    lines = [
        f"| `{each.name}` | {each.kind} | {each.unit} | {each.meaning.replace('|', chr(92) + '|')} |"
        for each in members
    ]
    return "\n".join(
        [f"## {title}\n", "| column | type | unit | meaning |", "|---|---|---|---|", *lines]
    )


def wrapped(names: list[str], width: int = 100) -> str:
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) + 1 > width:
            lines.append("")
        lines[-1] += name + ","
    return "\n".join(lines).rstrip(",")


def as_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def architecture() -> str:
    return one_quote.page((ROOT / "docs/architecture.md").read_text(encoding="utf-8"))


def llms() -> str:
    return llms_page.page((ROOT / "docs/index.md").read_text(encoding="utf-8"))


GENERATED: list[tuple[str, Callable[[], str]]] = [
    ("docs/architecture.md", architecture),
    ("docs/llms.txt", llms),
    ("docs/reference/settings.md", settings),
    ("g6/entrypoints/cli/help.json", lambda: help_text(help_content())),
    ("docs/reference/cli.md", cli),
    ("docs/reference/studies.md", studies),
    ("docs/reference/pictures.md", pictures),
    ("docs/reference/columns.md", columns),
    ("docs/reference/checks.md", checks),
    ("docs/reference/metrics.md", metrics),
    ("docs/reference/planted.md", planted),
    ("docs/reference/capacity.md", capacity),
    ("docs/reference/alerts.md", alerts),
    ("docs/reference/pager.md", pager),
    ("docs/runbooks/index.md", runbook_index),
    (
        "docs/reference/contracts.md",
        lambda: (
            NOTE.format(source="g6/domain/figures/contracts/definitions.py") + contracts.as_page()
        ),
    ),
    ("docs/reference/contracts.json", lambda: as_json(contracts.as_document())),
    (
        "config/schema_v2.json",
        lambda: as_json({"$comment": "Written by `make docs` from g6/config.", **json_schema()}),
    ),
    ("config/g6_config.json", lambda: as_json(scaffold())),
    (".env.example", example_environment),
    ("deploy/compose.yaml", compose_file.compose),
    ("deploy/kubernetes.yaml", kubernetes_file.kubernetes),
    *((path, partial(unit_files.files().__getitem__, path)) for path in unit_files.files()),
    ("deploy/prometheus.yml", compose_file.prometheus),
    ("prometheus/prometheus.yml", prometheus_files.prometheus_settings),
    ("prometheus/alertmanager.yml", prometheus_files.alertmanager_settings),
    ("prometheus/rules/g6.yml", prometheus_files.rules_file),
    *(
        (f"grafana/dashboards/{dashboard.uid}.json", partial(grafana.as_text, dashboard))
        for dashboard in DASHBOARDS
    ),
]


def stale(root: Path = ROOT) -> dict[str, str]:
    """Return what each file that is not as it should be ought to hold, by path."""
    wanted = {path: make() for path, make in GENERATED}
    return {
        path: text
        for path, text in wanted.items()
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text
    }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 when a file is stale"
    )
    check = arguments.parse_args().check
    found = stale()
    for path, text in found.items():
        if not check:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text, encoding="utf-8")
        print(f"{path}: {'stale' if check else 'written'}")
    if found and check:
        print("make docs writes them again")
    return 1 if found and check else 0


if __name__ == "__main__":
    sys.exit(main())
