"""One process of the stream's sockets, for tests: connects to every address it is told, and prints what each was told.

    python -m tests.integration.stream.stream_client '{"good": "wss://127.0.0.1:1234"}'

A reactor runs once in a process; so all addresses are tried by one.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from twisted.internet import reactor as _reactor

from g6.adapters.kite.ticker.socket import Login, Socket
from g6.adapters.kite.ticker.stream_client import route
from g6.adapters.kite.ticker.tick_board import TickBoard
from g6.errors import UserError

reactor: Any = _reactor
SECONDS = 20.0


def main() -> None:
    told: dict[str, list[Any]] = {}
    sockets: dict[str, Socket] = {}

    def begin() -> None:
        for number, (name, root) in enumerate(json.loads(sys.argv[1]).items()):
            events = told.setdefault(name, [])
            try:
                way = route(root)
            except UserError as error:
                events.append(["error", {"sentence": str(error)}])
                continue
            sockets[name] = Socket(
                number,
                TickBoard(),
                8.0,
                lambda report, events=events: events.append([report.state, report.facts()]),
                way,
            )
            sockets[name].connect(Login("the-key", "the-token", root))
        look(time.monotonic() + SECONDS)

    def look(limit: float) -> None:
        texts = all(socket.state != "open" or socket.feed(0.0).texts for socket in sockets.values())
        if (all(told.values()) and texts) or time.monotonic() > limit:
            feeds = {name: socket.feed(0.0) for name, socket in sockets.items()}
            found.update(
                {name: {"state": feed.state, "texts": feed.texts} for name, feed in feeds.items()}
            )
            reactor.stop()
        else:
            reactor.callLater(0.05, look, limit)

    found: dict[str, dict[str, Any]] = {}
    reactor.callWhenRunning(begin)
    reactor.run()
    print(
        json.dumps({name: {"told": events, **found.get(name, {})} for name, events in told.items()})
    )


if __name__ == "__main__":
    main()
