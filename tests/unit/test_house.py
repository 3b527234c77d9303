"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from g6.config.source_table import SHIPPED
from g6.domain.schema.layout import (
    KIND_OF_ROWS,
    MANIFEST,
    OWNER_FILE,
    RECOMPUTE_JOURNAL,
    TOKEN_FILE,
    Folder,
    Kind,
)
from tests.unit.house.language import Language, counted
from tests.unit.house.twins import repeated_runs
from tests.unit.house.untyped import crossing_mappings, untyped_mappings

Nodes = Sequence[ast.AST]
"""All nodes of a module."""
ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "g6").rglob("*.py"))
VAGUE = {
    "utils",
    "helpers",
    "common",
    "manager",
    "handler",
    "processor",
    "unified",
    "enhanced",
    "advanced",
    "new",
    "legacy",
    "misc",
    "v2",
    "data",
}
TESTS = sorted((ROOT / "tests").rglob("*.py"))
CLOCKS = {
    "g6/adapters/clocks.py",
    "g6/adapters/redis/clocks/shared_clock.py",
    "g6/adapters/redis/clocks/feed_clock.py",
}
"""The adapters of the Clock port: everything else waits through it, or on a condition."""
MAY_SLEEP = {
    "g6/simulation/simulated_market.py": "a planted delay is the provider's own, not a wait of G6",
    "g6/kite_server/rest/http_api.py": "the answers of a web loop come late, as a fault says",
    "g6/kite_server/stream/subscriptions.py": "a web loop sends its frames at their instants",
    "g6/entrypoints/web/serving.py": "a web loop waits for its sockets to close",
    "g6/entrypoints/web/stream/stream_replays.py": "a web loop waits for a store and a slow reader",
    "tests/waiting.py": "the one loop that waits until a condition holds",
    "tests/unit/entrypoints/web/test_stream.py": "a web loop that waits until a condition holds",
    "tests/property/test_replay_into_the_present.py": "a web loop gives others their turn",
    "tests/benchmarks": "a load is sent by the second",
}
SLEEPERS = ("time", "asyncio")
PATCHED_TIME = frozenset({"time", "sleep", "monotonic", "perf_counter", "datetime"})
ROOMS_OF_JSON = (
    "adapters",
    "config",
    "entrypoints",
    "kite_server",
    "rendering",
)
"""They read and write JSON, settings and options of other people: mappings end or begin there."""
READERS_OF_JSON = ("g6/domain/schema/json_reading.py", "g6/domain/schema/json_types.py")
MAY_CARRY_OBJECTS = {
    "g6/bootstrap/reading/running_system.py": "the settings that a system was started with",
    "g6/domain/cycles/plan.py": "the part of a stored header that says the plan",
    "g6/bootstrap/reading/board_reading.py": "strikes as a panel has them",
    "g6/domain/documents/panel_delta.py": "differences of panels",
    "g6/ports/readers/board_reader.py": "strikes as a panel has them",
    "g6/domain/documents/panels.py": "panels are JSON documents, made and compared as such",
    "g6/domain/quotes/stamp.py": "headers as they are stored",
    "g6/studies/stored/past_panels.py": "panels of the past, as JSON documents",
    "g6/domain/documents/chain_changes.py": "differences of a panel of a chain",
    "g6/domain/documents/stream_events.py": "differences of panels",
    "g6/studies/stored/days/day_replay.py": "panels of stored rows, and what differs between them",
    "g6/domain/documents/stream_state.py": "what a listener has of the panels",
    "g6/errors/masking.py": "settings of any kind, masked",
    "g6/observability/generators/grafana.py": "a constant of Grafana's JSON",
    "g6/pipeline/computing.py": "makes the panels",
    "g6/ports/history.py": "headers as they are stored",
    "g6/ports/panels.py": "keeps the panels as they are published",
    "g6/studies/parameters.py": "what a person gave, before it is read",
}
"""Doors: modules that hand on a mapping of names to objects, and what it is."""
OTHER_ERRORS = re.compile(r"\bErrors:|\bRaises:? [A-Za-z`]")
"""What says in running text which errors there are."""
TWIN_LINES = 10
MOST_SIBLINGS = 18
MAY_BE_LONGER: dict[str, str] = {}
"""Functions above fifty lines, signature and docstring included, and why."""
MAY_HOLD_MORE: dict[str, str] = {}
"""Folders with more files and folders than that, and why each has no chapters."""
MAY_SPELL_THE_LAYOUT = {
    "g6/domain/schema/layout.py",
    # It reads for `g6 verify` what G6 has written, and must not be wrong as G6 is wrong.
    "g6/adapters/parquet/queries/plain_units.py",
}
MAY_SAY_BROKER = {
    # The Redis that carries Celery's messages: its address, and where that is written down.
    "g6/adapters/data_dir/owner.py",
    "g6/adapters/data_dir/running_systems.py",
    "g6/bootstrap/ownership.py",
    "g6/bootstrap/reading/machine_reading.py",
    "g6/bootstrap/stored_files/past_reading.py",
    "g6/bootstrap/wiring.py",
    "g6/entrypoints/cli/run/start_screen.py",
    "g6/entrypoints/machine/supervisor.py",
    "g6/entrypoints/machine/tick_stream.py",
    "g6/entrypoints/machine/ticker_children.py",
    "g6/entrypoints/workers/celery_lint.py",
    "g6/entrypoints/workers/event_sending.py",
    "g6/entrypoints/workers/transport.py",
    # A field of Kite's answer, the sources of a table, and what a provider may be.
    "g6/domain/market/lots.py",
    "g6/kite_server/logins.py",
    "g6/ports/sources/provider.py",
}
FILES_OF_A_DIRECTORY = {OWNER_FILE, TOKEN_FILE, RECOMPUTE_JOURNAL, MANIFEST, KIND_OF_ROWS}
FOLDERS = {*map(str, (*Kind, *Folder)), *FILES_OF_A_DIRECTORY}
KEYS_OF_FOLDERS = ("underlying=", "date=")
MAY_READ_THE_ENVIRONMENT = {"g6/config/loading.py"}
MAY_READ_A_SHELLS_QUESTION = {"g6/entrypoints/cli/shared/shell/shells.py"}
MAY_PASS_IT_ON = {
    "g6/entrypoints/cli/__init__.py",
    "g6/entrypoints/cli/operate/stream.py",
    "g6/entrypoints/machine/fork_server.py",
    "g6/entrypoints/machine/children.py",
    "g6/entrypoints/machine/supervisor.py",
    "g6/entrypoints/web/stream/stream_bench.py",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """What is read in one module of the package, for the rules about single modules.

    Attributes:
        lines: How many it has.
        long_functions: Names of functions of more than fifty lines, signature and docstring included.
        misplaced_errors: Docstrings that say in another form what is raised.
        spelt_layout: Where kinds and folders of stored rows are spelt.
        compared_names: Where something is compared with the name of a provider.
        reads_environment: Whether it reads variables.
        broad_handlers: How often it catches every exception.
        sleeps: Whether it waits for seconds alone.
        speaks_of_a_broker: Whether the word stands in it.
    """

    lines: int
    long_functions: tuple[str, ...]
    misplaced_errors: tuple[str, ...]
    spelt_layout: tuple[str, ...]
    compared_names: tuple[str, ...]
    reads_environment: bool
    broad_handlers: int
    sleeps: bool
    speaks_of_a_broker: bool


Facts = Mapping[str, ModuleFacts]


@pytest.fixture(scope="module")
def facts() -> Facts:
    """What is read in each module: one test per rule and module was 5,900 tests, and each parsed its file anew."""
    return {name(path): facts_of(path.read_text(encoding="utf-8")) for path in MODULES}


def facts_of(source: str) -> ModuleFacts:
    nodes = nodes_of(source)
    return ModuleFacts(
        lines=len(source.splitlines()),
        long_functions=tuple(long_functions(nodes)),
        misplaced_errors=tuple(misplaced_errors(nodes)),
        spelt_layout=tuple(spelt_layout(nodes)),
        compared_names=tuple(compared_names(nodes)),
        reads_environment=reads_environment(nodes),
        broad_handlers=sum(isinstance(node, ast.ExceptHandler) and _broad(node) for node in nodes),
        sleeps=any(sleeps(nodes)),
        speaks_of_a_broker=speaks_of_a_broker(source),
    )


def nodes_of(source: str) -> Nodes:
    return list(ast.walk(ast.parse(source)))


def test_a_module_stays_within_four_hundred_lines(facts: Facts) -> None:
    assert {module: each.lines for module, each in facts.items() if each.lines > 400} == {}


def test_a_function_stays_within_fifty_lines(facts: Facts) -> None:
    long = {f"{module}:{each}" for module in facts for each in facts[module].long_functions}
    assert long - MAY_BE_LONGER.keys() == set()
    assert MAY_BE_LONGER.keys() - long == set(), "take away what is not needed any more"


def test_a_function_of_fifty_one_lines_is_seen() -> None:
    lines = "    pass\n" * 49
    assert list(long_functions(nodes_of(f"def short():\n{lines}"))) == []
    assert list(long_functions(nodes_of(f"def long():\n{lines}    pass\n"))) == ["long"]


def test_a_modules_name_says_its_one_subject() -> None:
    stems = {path.stem for path in MODULES} - {"data_dir"}
    assert {stem for stem in stems if VAGUE & {stem, *stem.split("_")}} == set()


def test_a_folder_of_more_than_eighteen_has_chapters() -> None:
    crowded = {
        folder: len(names)
        for room in ("g6", "tests")
        for folder, names in _siblings(ROOT / room).items()
        if len(names) > MOST_SIBLINGS
    }
    assert {folder: crowded[folder] for folder in crowded if folder not in MAY_HOLD_MORE} == {}
    assert MAY_HOLD_MORE.keys() - crowded.keys() == set(), "take away what is not needed any more"


def test_doors_and_caches_are_no_siblings_but_data_files_are(tmp_path: Path) -> None:
    for file in ("__init__.py", "__pycache__/a.pyc", ".cache/b", "c.json", "d.py", "e/f.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    assert _siblings(tmp_path) == {".": {"c.json", "d.py", "e"}, "e": {"f.py"}}


def test_only_the_settings_read_the_environment(facts: Facts) -> None:
    readers = {module for module, each in facts.items() if each.reads_environment}
    others = MAY_READ_A_SHELLS_QUESTION | MAY_PASS_IT_ON
    assert readers - MAY_READ_THE_ENVIRONMENT - others == set()


def test_every_exception_is_caught_in_two_places_only(facts: Facts) -> None:
    places = {module: each.broad_handlers for module, each in facts.items() if each.broad_handlers}
    assert sum(places.values()) <= 2, places


def test_only_a_clock_sleeps(facts: Facts) -> None:
    sleepers = {module for module, each in facts.items() if each.sleeps}
    assert sleepers - CLOCKS - MAY_SLEEP.keys() == set(), (
        "wait through the Clock port, or on a condition"
    )


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(1)",
        "import time as t\nt.sleep(1)",
        "from time import sleep",
        "from time import sleep as pause",
        "from time import *",
        "import asyncio\nasync def f():\n    await asyncio.sleep(1)",
        "from asyncio import sleep",
        "import threading\nthreading.Event().wait(1)",
        "from threading import Event\nEvent().wait(timeout=1)",
    ],
)
def test_a_sleep_by_another_name_is_a_sleep(source: str) -> None:
    assert list(sleeps(nodes_of(source))) != []


@pytest.mark.parametrize(
    "source",
    [
        "clock.sleep(1)",
        "stop.wait(1)",
        "from time import monotonic\nmonotonic()",
        "import time as t\nt.monotonic()",
        "stop = threading.Event()\nstop.wait(1)",
        "PROGRAM = 'import time; time.sleep(9)'",
    ],
)
def test_a_clock_and_an_event_that_somebody_sets_are_none(source: str) -> None:
    assert list(sleeps(nodes_of(source))) == []


def test_tests_wait_on_conditions() -> None:
    sleepers = {name(path) for path in TESTS if _sleeps(path)}
    assert {path for path in sleepers if not path.startswith(tuple(MAY_SLEEP))} == set()


def test_no_test_mocks_or_patches_time() -> None:
    patches = [f"{name(path)}:{line}" for path in TESTS for line in _patches(path)]
    assert patches == [], "give a shipped fake, or a clock of adapters/memory"


def test_the_greatest_is_sought_in_a_list_and_not_among_spread_arguments() -> None:
    spread = [f"{name(path)}:{line}" for path in [*MODULES, *TESTS] for line in _spread(path)]
    assert spread == [], "give max and min a list: of one text they return its greatest letter"


def test_a_maximum_of_spread_arguments_is_seen() -> None:
    source = "max(*cycles)\nmax([*cycles, newest])\nmin(*some, *others)\nmax(first, *others)\n"
    assert list(spread_extremes(nodes_of(source))) == [1, 3]


def test_the_name_of_a_test_is_the_same_in_every_process() -> None:
    changing = [f"{name(path)}:{line}" for path in TESTS for line in _changing_names(path)]
    assert changing == [], "give ids: processes that share the tests compare their names"


@pytest.mark.timeout(300)
def test_no_ten_lines_stand_twice() -> None:
    twins = repeated_runs([*MODULES, *TESTS], TWIN_LINES)
    assert twins == [], "let one piece of code serve both"


@pytest.fixture(scope="module")
def language() -> Language:
    return counted(MODULES)


@pytest.mark.parametrize(
    ("count", "most"),
    [
        ("participle_pct", 0.3),
        ("long_lines", 0),
        ("format_skips", 10),
        ("semicolons_per_100_docstrings", 3),
        ("double_assignments", 1),
        ("comprehensions", 25),
        ("any", 5),
    ],
)
def test_the_language_stays_within_its_aims(language: Language, count: str, most: float) -> None:
    assert getattr(language, count) <= most


@pytest.mark.timeout(300)
def test_few_mappings_are_untyped_under_whatever_name() -> None:
    places = [*untyped_mappings(MODULES, ROOT), *crossing_inside()]
    assert len(places) <= 60, places


def test_a_mapping_of_objects_crosses_no_room_but_at_a_door() -> None:
    doors = {place.partition(":")[0] for place in crossing_inside()}
    assert doors - MAY_CARRY_OBJECTS.keys() == set(), "make a frozen record of it"
    assert MAY_CARRY_OBJECTS.keys() - doors == set(), "take away what is not needed any more"


@cache
def crossing_inside() -> list[str]:
    """Return where mappings of names to objects cross rooms, those that read JSON itself apart."""
    inside = [path for path in MODULES if path.relative_to(ROOT).parts[1] not in ROOMS_OF_JSON]
    places = crossing_mappings(inside, ROOT)
    return [place for place in places if not place.startswith(READERS_OF_JSON)]


def test_a_mapping_of_objects_counts_where_it_may_leave_its_module(tmp_path: Path) -> None:
    (tmp_path / "door.py").write_text("Row: TypeAlias = Mapping[str, object]\n", "utf-8")
    (tmp_path / "room.py").write_text(
        "from door import Row\n"
        "def show(row: Row | None) -> None: ...\n"
        "def _hide(row: Row) -> dict[str, object]: ...\n"
        "class Page:\n"
        "    facts: dict[str, object]\n"
        "    _own: dict[str, object]\n"
        "    def rows(self) -> Sequence[Row]: ...\n"
        "    def to_json(self) -> dict[str, object]: ...\n"
        "    def names(self, *rows: Row) -> Mapping[str, list[object]]: ...\n",
        "utf-8",
    )
    places = crossing_mappings(sorted(tmp_path.glob("*.py")), tmp_path)
    assert places == ["room.py:2", "room.py:5", "room.py:7", "room.py:9"]


def test_an_alias_of_an_untyped_mapping_counts_at_each_use(tmp_path: Path) -> None:
    (tmp_path / "door.py").write_text("Row = Mapping[str, Any]\ndef read() -> Row: ...\n", "utf-8")
    (tmp_path / "room.py").write_text(
        "from door import Row\ndef show(row: Row, names: dict[str, object]) -> None: ...\n", "utf-8"
    )
    places = untyped_mappings(sorted(tmp_path.glob("*.py")), tmp_path)
    assert places == ["door.py:2", "room.py:2"]


@pytest.mark.parametrize(
    ("annotation", "is_untyped"),
    [
        ("dict", True),
        ("Mapping[str, list]", True),
        ("list[Any]", True),
        ("Any | None", True),
        ("'dict[str, Any]'", True),
        ("dict[str, 'Any']", True),
        ("t.Mapping[str, t.Any]", True),
        ("dict[str, object]", False),
        ("list[date] | None", False),
    ],
)
def test_an_untyped_annotation_counts_in_whatever_form(
    tmp_path: Path, annotation: str, is_untyped: bool
) -> None:
    path = tmp_path / "room.py"
    path.write_text(f"def show(row: {annotation}) -> None: ...\n", "utf-8")
    assert len(untyped_mappings([path], tmp_path)) == is_untyped


def test_what_is_raised_stands_in_a_section_with_its_cause(facts: Facts) -> None:
    assert offenders(facts, "misplaced_errors") == {}


@pytest.mark.parametrize(
    "docstring",
    [
        "Do it. Errors: RedisDown.",
        "Do it. Raises BadInput.",
        "Do it. Raises as `read`.",
        "Do it.\n\n    Errors:\n        BadInput: It is damaged.",
        "Do it.\n\n    Raises:\n        BadInput\n    ",
        "Do it.\n\n    Raises:\n        KeyError, TypeError: It is damaged.\n    ",
    ],
)
def test_an_error_in_another_form_is_seen(docstring: str) -> None:
    source = f'def read() -> None:\n    """{docstring}"""\n'
    assert len(list(misplaced_errors(nodes_of(source)))) == 1


def test_a_section_with_causes_over_several_lines_is_in_form() -> None:
    section = (
        "Raises:\n        BadInput: It is\n            damaged.\n        json.Error: It is none."
    )
    source = f'def read() -> None:\n    """Do it.\n\n    {section}\n    """\n'
    assert list(misplaced_errors(nodes_of(source))) == []


def test_eight_lines_in_a_thousand_are_comments(language: Language) -> None:
    assert language.comments >= 8


def test_no_class_or_alias_has_two_meanings(language: Language) -> None:
    assert language.doubled_classes == ()


@pytest.mark.parametrize(
    ("first", "second", "doubled"),
    [
        ("class Unit: ...", "class Unit: ...", ("Unit",)),
        ("class Unit: ...", "Unit = tuple[str, str]", ("Unit",)),
        ("Unit = tuple[str, str]", "Unit: TypeAlias = Literal['units']", ("Unit",)),
        ("Unit: TypeAlias = 'tuple[Unit]'", "class Unit: ...", ("Unit",)),
        ("Array = NDArray[np.float64]", "Array = NDArray[np.float64]", ()),
        ("class Port: ...", "Port = Annotated[int, typer.Option('--port')]", ()),
    ],
)
def test_an_alias_that_bears_the_name_of_another_type_is_seen(
    tmp_path: Path, first: str, second: str, doubled: tuple[str, ...]
) -> None:
    for stem, source in (("one", first), ("two", second)):
        (tmp_path / f"{stem}.py").write_text(source, "utf-8")
    assert counted(tmp_path.glob("*.py")).doubled_classes == doubled


def test_few_modules_share_their_name(language: Language) -> None:
    assert len(language.doubled_files) <= 8, language.doubled_files


def test_kinds_and_folders_of_stored_rows_are_spelt_in_the_layout_alone(facts: Facts) -> None:
    spelt = offenders(facts, "spelt_layout")
    assert {module: spelt[module] for module in spelt.keys() - MAY_SPELL_THE_LAYOUT} == {}


@pytest.mark.parametrize(
    "line",
    [
        'base / "csv"',
        'base / f"date={day}"',
        'Path(directory, "x") / "panels"',
        'name.removeprefix("underlying=")',
        'kind == "chain"',
        'query.kind in ("x", "events")',
        'Literal["chain", "overview"]',
        '{"chain": CHAIN, "overview": OVERVIEW}',
        'root.glob("[!.]*.parquet")',
    ],
)
def test_a_kind_that_is_spelt_elsewhere_is_seen(line: str) -> None:
    assert len(list(spelt_layout(nodes_of(line)))) == 1


@pytest.mark.parametrize(
    "line",
    [
        '{"overview": WRITE, "panels": WRITE}',
        'frames.get(unit, "chain")',
        'scope == "chain"',
        'base / "HEAD"',
        '("options", "csv")',
    ],
)
def test_other_words_are_spelt_where_they_are_used(line: str) -> None:
    assert list(spelt_layout(nodes_of(line))) == []


def test_a_provider_is_asked_what_it_can_and_not_for_its_name(facts: Facts) -> None:
    assert offenders(facts, "compared_names") == {}


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ('name == "kite"', 1),
        ('came_from != "sim"', 1),
        ('provider in {"sim", "replay"}', 1),
        ('source.name in ("kite",)', 1),
        ('load(provider="kite")', 0),
        ("kind == MarketKind.SIM", 0),
        ('word == "kites"', 0),
    ],
)
def test_a_name_that_is_compared_is_seen(line: str, count: int) -> None:
    assert len(list(compared_names(nodes_of(line)))) == count


def test_a_broker_is_what_celery_calls_so(facts: Facts) -> None:
    speakers = {module for module, each in facts.items() if each.speaks_of_a_broker}
    assert speakers - MAY_SAY_BROKER == set(), "say Redis, or provider"
    assert MAY_SAY_BROKER - speakers == set(), "take away what is not needed any more"


def offenders(facts: Facts, rule: str) -> dict[str, tuple[str, ...]]:
    """Return by module what breaks a rule in it."""
    found = {module: getattr(each, rule) for module, each in facts.items()}
    return {module: places for module, places in found.items() if places}


def compared_names(nodes: Nodes) -> Iterator[str]:
    """Yield the comparisons with the name of a provider that ships."""
    names = {source.name for source in SHIPPED}
    for node in nodes:
        if isinstance(node, ast.Compare) and any(
            _text(part) in names
            for side in (node.left, *node.comparators)
            for part in getattr(side, "elts", [side])
        ):
            yield f"{node.lineno}: {ast.unparse(node)}"


def speaks_of_a_broker(source: str) -> bool:
    """Tell whether the word stands in a module, but in the name of a setting or of a variable."""
    return re.search(r"(?i)(?<![.\w])brokers?\b(?!_)", source) is not None


def long_functions(nodes: Nodes) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _lines(node) > 50:
            yield node.name


def spelt_layout(nodes: Nodes) -> Iterator[str]:
    """Yield where a module spells a kind, a folder or a file name of the store itself."""
    for node in nodes:
        match node:
            case ast.BinOp(op=ast.Div(), right=part):
                is_spelt = _text(part) in FOLDERS
            case ast.Compare(left=ast.Name(id="kind") | ast.Attribute(attr="kind")):
                is_spelt = any(map(kinds_in, node.comparators))
            case ast.Constant(value=str(text)):
                is_spelt = text.startswith(KEYS_OF_FOLDERS) or text.endswith("*.parquet")
            case ast.Tuple() | ast.List() | ast.Set() | ast.Dict():
                is_spelt = Kind.CHAIN in (kinds := kinds_in(node)) and len(kinds) > 1
            case _:
                is_spelt = False
        if is_spelt:
            yield f"{node.lineno}: {ast.unparse(node)}"


def kinds_in(node: ast.AST) -> set[str]:
    """Return the kinds of rows among the words of a comparison, a collection or a dict's keys."""
    parts = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [node])
    return {_text(part) for part in parts if part is not None} & set(map(str, Kind))


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def misplaced_errors(nodes: Nodes) -> Iterator[str]:
    """Yield the docstrings that say what is raised in another form than `Raises:`, one error a line."""
    for node in nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            continue
        text, _, section = (ast.get_docstring(node) or "").partition("\nRaises:\n")
        entries = re.match(r"(?: {4}.*\n?|\n(?= {4}))*", section)
        lines = entries[0].splitlines() if entries else []
        own = [line for line in lines if line.strip() and line[:8].strip()]
        is_in_form = all(re.fullmatch(r" {4}[\w.]+: \S.*", line) for line in own)
        if OTHER_ERRORS.search(text) or not is_in_form:
            yield f"{getattr(node, 'name', 'module')}: {text.splitlines()[0]}"


def _siblings(top: Path) -> dict[str, set[str]]:
    """Return the files and folders of each folder, by its path, without doors and caches."""
    folders: dict[str, set[str]] = {}
    base = ROOT if top.is_relative_to(ROOT) else top
    for folder, inside, files in os.walk(top):
        inside[:] = [each for each in inside if each != "__pycache__" and each[0] != "."]
        names = {*inside, *files} - {"__init__.py"}
        folders[Path(folder).relative_to(base).as_posix()] = names
    return folders


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines, from its first to its last."""
    return (node.end_lineno or 0) - node.lineno + 1


def reads_environment(nodes: Nodes) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} for node in nodes
    )


def _broad(node: ast.ExceptHandler) -> bool:
    """Tell whether a handler keeps every exception; one that tidies up and raises it again does not."""
    if any(isinstance(each, ast.Raise) and each.exc is None for each in node.body):
        return False
    return node.type is None or (
        isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
    )


def _sleeps(path: Path) -> bool:
    """Tell whether a module waits for seconds alone. A program in a text is another process."""
    source = path.read_text(encoding="utf-8")
    return bool(re.search(r"sleep|Event", source)) and any(sleeps(nodes_of(source)))


def sleeps(nodes: Nodes) -> Iterator[str]:
    """Yield what waits for seconds and for nothing else, however it is imported."""
    modules = {
        alias.asname or alias.name: alias.name
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module in SLEEPERS:
            yield from (alias.name for alias in node.names if alias.name in ("sleep", "*"))
        elif isinstance(node, ast.Attribute) and node.attr == "sleep":
            if modules.get(ast.unparse(node.value)) in SLEEPERS:
                yield ast.unparse(node)
        # Nobody else has an event that is made on the spot: it is a sleep by another name.
        elif isinstance(node, ast.Attribute) and node.attr == "wait" and _is_made_here(node.value):
            yield ast.unparse(node)


def _is_made_here(node: ast.expr) -> bool:
    return ast.unparse(node).endswith("Event()")


def _spread(path: Path) -> Iterator[int]:
    source = path.read_text(encoding="utf-8")
    return spread_extremes(nodes_of(source)) if re.search(r"(max|min)\(", source) else iter(())


def spread_extremes(nodes: Nodes) -> Iterator[int]:
    """Yield the lines that ask max or min for the extreme of spread lists alone.

    With one argument they look inside it: a test waited for a cycle after "Z", the greatest letter
    of the only cycle there was.
    """
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"max", "min"}:
            arguments = [isinstance(each, ast.Starred) for each in node.args]
            if arguments and all(arguments):
                yield node.lineno


def _changing_names(path: Path) -> Iterator[int]:
    """Yield the lines that give a test parameters of a process or a moment, and no names."""
    source = path.read_text(encoding="utf-8")
    for node in nodes_of(source) if "parametrize" in source else ():
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.parametrize"):
            has_names = any(keyword.arg == "ids" for keyword in node.keywords)
            # A program in a text is no call of this process: `'import time; time.sleep(9)'`.
            given = re.sub(
                r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "", ast.unparse(node.args[-1])
            )
            if not has_names and re.search(r"getpid\(|\btime\.|\brandom|uuid|\.now\(", given):
                yield node.lineno


def _patches(path: Path) -> Iterator[int]:
    """Yield the lines that import a mock, or put something else in the place of time."""
    if not re.search("mock|unittest|setattr", path.read_text(encoding="utf-8")):
        return
    for node in nodes_of(path.read_text(encoding="utf-8")):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest"):
            yield node.lineno
        elif isinstance(node, ast.Import):
            if any(alias.name.startswith(("unittest", "mock")) for alias in node.names):
                yield node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "monkeypatch.setattr":
            words = ".".join(ast.unparse(argument) for argument in node.args[:2])
            if PATCHED_TIME & set(re.findall(r"\w+", words)):
                yield node.lineno
