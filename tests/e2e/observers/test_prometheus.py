"""A real Prometheus beside a running system: every query of dashboards and rules has data."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from g6.entrypoints.python.panel_stream import follow
from tests.e2e.streaming_up import LOGIN, up
from tests.observe.prometheus import PROGRAM, WHY_NOT, Prometheus
from tests.observe.queries import Asked, every_query
from tests.waiting import eventually
from tests.worlds.streaming import streaming
from tests.worlds.web.ports import free_port

SMALL = {
    **{
        f"index_params.{name}.enabled": False
        for name in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
    },
    "index_params.NIFTY.strikes_itm": 5,
    "index_params.NIFTY.strikes_otm": 5,
    "collection.scope": "window",
    "interval": 5,
}


@pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)
@pytest.mark.timeout(600)
def test_every_query_has_data_and_no_healthy_system_pages(tmp_path: Path) -> None:
    port = free_port()
    web = free_port()
    settings = SMALL | {"serve.metrics_port": port, "serve.web_port": web}
    with (
        streaming(steady=True, settings=settings) as world,
        up(world, LOGIN),
        Prometheus(tmp_path, f"127.0.0.1:{port}") as prometheus,
    ):
        empty = list(every_query("20s"))
        listener = follow(f"http://127.0.0.1:{web}")
        threading.Thread(target=list, args=(listener,), daemon=True).start()

        def nothing_is_empty() -> bool:
            empty[:] = [asked for asked in empty if not prometheus.query(asked.expression)]
            needs = {"", "login", "ticker", "stream"}
            return not [asked for asked in empty if asked.needs in needs]

        try:
            eventually(nothing_is_empty, 400.0, every=2.0)
        except AssertionError:
            raise AssertionError("\n".join(map(told, empty))) from None
        assert not prometheus.query('ALERTS{alertstate="firing",severity="page"}')
        listener.close()


def told(asked: Asked) -> str:
    return f"{asked.where}: {asked.expression}"
