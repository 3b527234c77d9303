"""The faults of the pager name alerts of the catalogue, and commands of their runbooks."""

from __future__ import annotations

import re

import pytest

from g6.observability.catalogue.alerts import ALERTING_RULES
from tests.e2e.observers.test_runbook_commands import ALL
from tests.e2e.running import ROOT
from tests.pager.faults import FAULTS, PagerFault
from tests.pager.recordings import RECORDED
from tests.pager.runbooks import BOOKS, blocks, mitigation

RULES = {rule.id: rule for rule in ALERTING_RULES}
INDICES = re.compile(r"\b(?:NIFTY|SENSEX)\b")


def test_every_fault_expects_alerts_of_the_catalogue() -> None:
    for fault in (*FAULTS, *RECORDED):
        assert fault.expected, fault.name
        assert set(fault.expected) <= set(RULES), fault.name


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.diagnosis], ids=lambda fault: fault.name
)
def test_what_is_asked_during_a_fault_stands_in_its_runbook(fault: PagerFault) -> None:
    pages = [(BOOKS / RULES[alert].runbook).read_text("utf-8") for alert in fault.expected]
    text = INDICES.sub("INDEX", "\n".join(pages))
    for command in fault.diagnosis:
        assert INDICES.sub("INDEX", command) in text, command


BLOCKS = [
    (page, command)
    for page in sorted({rule.runbook for rule in ALERTING_RULES})
    for command in blocks(page, "Mitigation")
]


def test_what_leads_out_of_a_fault_is_found_on_the_page() -> None:
    places = {"QUEUES": "persist", "NAME": "files"}
    assert mitigation("no-worker.md", "celery ", places) == (
        "celery -A g6 worker -Q persist -n files@%h"
    )
    with pytest.raises(AssertionError, match="has under Mitigation"):
        mitigation("no-worker.md", "g6 nothing", places)
    with pytest.raises(AssertionError, match="QUEUES"):
        mitigation("no-worker.md", "celery ", {"NAME": "files"})


@pytest.mark.parametrize(("page", "command"), BLOCKS, ids=[command for _, command in BLOCKS])
def test_a_command_that_leads_out_of_a_fault_is_run(page: str, command: str) -> None:
    source = (ROOT / "tests/pager/faults.py").read_text("utf-8")
    by_pager = f'"{page}", "{command.split(maxsplit=1)[0]}' in source
    assert by_pager or command in ALL, f"nothing runs {command} of {page}"
