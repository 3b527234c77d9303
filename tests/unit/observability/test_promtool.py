"""What Prometheus' own linter says of /metrics."""

import shutil
import subprocess

import pytest

from g6.observability.exposition import render
from g6.observability.sample_totals import Totals

OLDER_NAMES = (
    "g6_index_options_processed", "g6_bus_publish_latency_ms", "g6_last_success_cycle_unixtime", "g6_iv_iterations_histogram",
)  # fmt: skip
"""Names that stay because dashboards know them, whatever the linter thinks of them."""


@pytest.mark.services
def test_promtool_finds_nothing_but_the_names_that_stay():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: make test-services")
    text = render(Totals(("NIFTY", "SENSEX")).state, now=1_000.0, build={"version": "1"})
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, timeout=90, check=False
    )
    complaints = [
        line
        for line in (done.stdout + done.stderr).decode().splitlines()
        if not line.startswith(OLDER_NAMES)
    ]
    assert complaints == []
