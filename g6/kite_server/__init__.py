"""A look-alike of Kite Connect, over the simulated market or a recorded day, for Kite's client.

movable_clock, logins, quota, server_faults   what the server knows of itself
market/                                       instruments, quotes and candles of its market
payloads                                      quotes as JSON
rest/                                         the routes, and their answers over HTTP
stream/                                       packets, and who is subscribed to which
control                                       the doors that move the clock and switch faults
http_server                                   all of it on two ports
"""

from g6.kite_server.http_server import ServerAddresses, serve, started
from g6.kite_server.server_options import ServerOptions

__all__ = ["ServerAddresses", "ServerOptions", "serve", "started"]
