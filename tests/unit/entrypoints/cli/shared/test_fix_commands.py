"""Commands that are printed as a fix act where the command that prints them acted."""

from __future__ import annotations

import re
import shlex

import pytest

from g6.domain.reports import Alert, AlertRule
from g6.domain.reports.alerts import RULES
from g6.entrypoints.cli.shared.help.fix_commands import SystemOptions
from tests.unit.entrypoints.cli.conftest import Run, Stored

NAMED = SystemOptions.of_words(["--data-dir", "my rows", "--config=c.json", "--set", "a.b=1"])
WITH = "--data-dir 'my rows' --config c.json --set a.b=1"


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("g6 data ls shows what is there", f"g6 data ls {WITH} shows what is there"),
        ("g6 status; g6 ps", f"g6 status {WITH}; g6 ps {WITH}"),
        ("(g6 expiries --refresh)", f"(g6 expiries --refresh {WITH})"),
        (
            "g6 rerun --since A --until B --failed, later",
            f"g6 rerun --since A --until B --failed {WITH}, later",
        ),
        ("g6 trace 2026-11-18T05:30:00Z says", f"g6 trace 2026-11-18T05:30:00Z {WITH} says"),
        ("g6 data ls --data-dir x", "g6 data ls --data-dir x --config c.json --set a.b=1"),
        ("move it && g6 data repair, or wait", f"move it && g6 data repair {WITH}, or wait"),
        ("g6 panels verify", "g6 panels verify --data-dir 'my rows' --config c.json"),
        ("celery -A g6 worker -Q manual", "celery -A g6 worker -Q manual"),
        ("g6 data is a group, g6 is the package", "g6 data is a group, g6 is the package"),
        ("g6 kite-server", "g6 kite-server --data-dir 'my rows'"),
    ],
)
def test_a_command_gets_the_options_that_it_takes(said: str, printed: str) -> None:
    assert NAMED.completed(said) == printed


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_alert_of_the_pipeline_names_the_same_options(rule: AlertRule) -> None:
    text = rule.fix.replace("{day}", "2026-11-18").replace("{index}", "NIFTY")
    of_alert = Alert("", "", text).completed("--data-dir 'my rows'").fix
    assert of_alert == SystemOptions((("--data-dir", "my rows"),)).completed(text)


def test_a_setting_of_another_key_is_added() -> None:
    named = SystemOptions.of_words(["--set", "serve.web_port=0", "--set", "interval=30"])
    fixed = named.completed("g6 up --set serve.web_port=9")
    assert fixed == "g6 up --set serve.web_port=9 --set interval=30"


def test_nothing_is_added_where_nothing_was_named() -> None:
    assert SystemOptions().completed("g6 data ls; g6 status") == "g6 data ls; g6 status"


def _printed(text: str) -> list[list[str]]:
    """Return the commands of a sentence as their words after g6."""
    spans = re.findall(r"g6 ((?:data |)[a-z-]+(?: --?[a-z-]+ (?:'[^']*'|[^\s;,]+))*)", text)
    return [shlex.split(span) for span in spans]


@pytest.mark.parametrize(
    "asked",
    [
        ("chain", "BANKEX"),
        ("interest", "NIFTY"),
        ("spreads", "BANKEX"),
        ("inspect", "MIDCPNIFTY"),
        ("chain", "FINNIFTY", "--as-of", "2026-11-17"),
    ],
)
def test_the_fix_of_what_is_not_stored_shows_the_same_directory(
    g6: Run, stored: Stored, asked: tuple[str, ...]
) -> None:
    refused = g6(*asked, "--data-dir", str(stored.directory))
    assert refused.code == 3
    commands = _printed(refused.err.partition("fix:")[2])
    assert commands
    for words in commands:
        answer = g6(*words)
        assert (answer.code, answer.err) == (0, "")
        assert "FINNIFTY" in answer.out
