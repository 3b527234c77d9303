"""`g6 config` and `g6 init`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from g6.config.keys import keys


def test_show_lists_every_key(g6: Any) -> None:
    shown = g6("config", "show").out
    assert all(f"\n{key.path.replace('<INDEX>', 'NIFTY')} " in f"\n{shown}" for key in keys())


def test_show_origin_names_the_source_of_each_value(
    g6: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("G6_INTERVAL", "30")
    shown = g6("config", "show", "--origin", "--set", "market.seed=3").out
    assert "30  [env G6_INTERVAL]" in shown
    assert "3  [command line]" in shown
    assert "[default]" in shown


def test_show_changed_shows_only_what_differs(g6: Any) -> None:
    assert json.loads(
        g6("config", "show", "--changed", "--json", "--set", "greeks.enabled=false").out
    ) == {"greeks": {"enabled": False}}


def test_show_masks_passwords(g6: Any) -> None:
    assert (
        "hunter2"
        not in g6("config", "show", "--set", "redis.broker_url=redis://:hunter2@host/0").out
    )


def test_schema_documents_each_key_with_its_default(g6: Any) -> None:
    told = g6("config", "schema").out
    assert all(f"{key.path} = " in told for key in keys())
    assert (
        "greeks.risk_free_rate = 0.055   (number, ≥ -0.05, ≤ 0.5)\n    continuously compounded"
        in told
    )


def test_schema_of_one_section_leaves_the_others_out(g6: Any) -> None:
    told = g6("config", "schema", "quality").out
    assert "quality.max_quote_age" in told
    assert "greeks" not in told


def test_schema_of_nothing_names_the_sections(g6: Any) -> None:
    answer = g6("config", "schema", "nonsense")
    assert answer.code == 2
    assert "one of namespace, interval" in answer.err


@pytest.mark.parametrize("name", ["g6_config.json", "wide.json"])
def test_the_shipped_files_fit_the_schema_and_the_model(g6: Any, root: Path, name: str) -> None:
    schema = json.loads(g6("config", "schema", "--json").out)
    jsonschema.validate(json.loads((root / "config" / name).read_text()), schema)
    assert g6("config", "check", "--config", str(root / "config" / name)).code == 0


def test_check_refuses_what_would_not_start(g6: Any) -> None:
    answer = g6("config", "check", "--set", "interval=7")
    assert answer.code == 2
    assert "does not divide a day" in answer.err


def test_check_warns_of_what_works_less_well_than_expected(g6: Any) -> None:
    answer = g6("config", "check", "--set", "provider.name=kite", "--set", "interval=5")
    assert answer.code == 0
    assert "interval = 5 s holds while the stream lives" in answer.err


def test_init_writes_a_valid_configuration_and_every_variable(g6: Any) -> None:
    assert g6("init", "--yes").code == 0
    assert g6("config", "check").code == 0
    example = Path(".env.example").read_text()
    assert all(key.variable.replace("<INDEX>", "NIFTY") in example for key in keys())


def test_init_takes_answers_as_options(g6: Any) -> None:
    g6("init", "--yes", "--indices", "nifty,SENSEX", "--interval", "30")
    assert "NIFTY, SENSEX  every 30 s" in g6("config", "check").out


def test_init_replaces_nothing_unless_forced(g6: Any) -> None:
    g6("init", "--yes")
    Path("config/g6_config.json").write_text("{}")
    answer = g6("init", "--yes")
    assert (answer.code, Path("config/g6_config.json").read_text()) == (2, "{}")
    assert g6("init", "--yes", "--force").code == 0


def test_init_refuses_an_index_nobody_lists_and_writes_nothing(g6: Any) -> None:
    assert g6("init", "--yes", "--indices", "NIFTI").code == 2
    assert not Path("config").exists()


@pytest.mark.parametrize("key", keys(), ids=lambda key: key.path)
def test_every_key_says_what_it_means(key: Any) -> None:
    assert key.field.description


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"provider.fallback": "sim"},
            "provider.fallback = 'sim': a simulated market or a recording has no quotes of today",
        ),
        (
            {"provider.name": "kite", "provider.fallback": "replay"},
            "it cannot serve in place of a live provider; one of kite can",
        ),
        (
            {"provider.name": "kite", "provider.fallback": "nobody"},
            "provider.fallback = 'nobody': no such provider",
        ),
        (
            {"provider.name": "nobody"},
            "provider.name = 'nobody': no such provider; there are sim, replay, kite",
        ),
        ({"provider.name": "replay"}, "no recording is named"),
        ({"provider.name": "replay", "provider.recording": "/nowhere"}, "/nowhere"),
        (
            {"provider.name": "kite", "provider.secrets_file": "/nowhere"},
            "the secrets file /nowhere cannot be read",
        ),
        ({"market.faults": "nonsense"}, "no such fault"),
        ({"redis.broker_url": "sentinel://127.0.0.1:1"}, "needs the name of its master"),
        ({"index_params.NIFTY.expiries": '["someday"]'}, "should be one of this_week"),
    ],
)
def test_a_check_refuses_what_a_start_refuses(
    g6: Any, tmp_path: Path, given: dict[str, str], sentence: str
) -> None:
    told = [word for name, value in given.items() for word in ("--set", f"{name}={value}")]
    checked = g6("config", "check", *told)
    started = g6("run", "--once", "--data-dir", str(tmp_path / "rows"), *told)
    assert (checked.code, started.code) == (2, 2)
    assert sentence in checked.err
    assert sentence in started.err


def test_a_check_asks_nobody(g6: Any) -> None:
    dead = (
        "--set",
        "redis.broker_url=redis://127.0.0.1:1/0",
        "--set",
        "provider.root=http://127.0.0.1:1",
    )
    assert (
        g6(
            "config",
            "check",
            "--set",
            "provider.name=kite",
            "--set",
            "provider.fallback=kite",
            *dead,
        ).code
        == 0
    )


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("provider.name=zerodha", "no such provider; there are sim, replay, kite"),
        (
            "index_params.NIFTY.expiries=nth:40",
            "nth_40 answers to no expiry; listed are 2026-11-23",
        ),
        ("index_params.NIFTY.expiries=2031-01-01", "2031-01-01 answers to no expiry; listed are"),
        ("index_params.NIFTY.expiries=,", "nothing of NIFTY would be collected"),
        ("greeks.risk_free_rate=5.5", "5.5 % is 0.055"),
    ],
)
def test_check_refuses_what_no_provider_answers_to(g6: Any, assignment: str, said: str) -> None:
    answer = g6("config", "check", "--set", assignment)
    assert answer.code == 2
    assert said in answer.err


def test_check_takes_every_bucket_and_a_listed_day(g6: Any) -> None:
    rules = "index_params.NIFTY.expiries=this_week,next_week,next_month,2026-11-23,nth:2"
    assert g6("config", "check", "--set", rules).code == 0


def test_what_init_writes_names_nothing_that_is_not_there(
    g6: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert g6("init", "--yes").code == 0
    schema = json.loads(Path("config/g6_config.json").read_text())["$schema"]
    jsonschema.validate(
        json.loads(Path("config/g6_config.json").read_text()),
        json.loads(Path("config", schema).read_text()),
    )
    Path(".env").write_text(Path(".env.example").read_text().replace("#G6_INTERVAL", "G6_INTERVAL"))
    shown = g6("config", "show", "--origin").out
    assert "60  [env G6_INTERVAL in .env]" in shown
