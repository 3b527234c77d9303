"""A Kite Connect look-alike: HTTP and WebSocket over the simulated market or a replayed day, for the broker's own client.

clock · logins · quota · faults                what the server knows of itself
source ─▶ catalogue ─▶ board ─▶ payloads       instruments, quotes, answers
                         └────▶ packets ─▶ feed ─▶ stream
rest · control ─▶ server
"""

from g6.kite_server.http_server import ServerAddresses, serve, started
from g6.kite_server.server_options import ServerOptions

__all__ = ["ServerAddresses", "ServerOptions", "serve", "started"]
