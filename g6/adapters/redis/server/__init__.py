"""The Redis server: its address, clients, refusals and namespaces, and one that G6 starts."""

from g6.adapters.redis.server.address import Address, parse_address
from g6.adapters.redis.server.connection import (
    Reply,
    cluster_of,
    connect,
    redis_time,
    refuse_wrong_tls,
    translated,
)
from g6.adapters.redis.server.embedded import EmbeddedServer, find_server, free_port, tied
from g6.adapters.redis.server.namespace import DRIVEN_SECONDS, RedisNamespace
from g6.adapters.redis.server.ready_pool import ReadyPool, ready_again

__all__ = [
    "DRIVEN_SECONDS",
    "Address",
    "EmbeddedServer",
    "ReadyPool",
    "RedisNamespace",
    "Reply",
    "cluster_of",
    "connect",
    "find_server",
    "free_port",
    "parse_address",
    "ready_again",
    "redis_time",
    "refuse_wrong_tls",
    "tied",
    "translated",
]
