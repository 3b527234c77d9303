"""The rights that G6, Celery and Flower need on Redis, and no others."""

from __future__ import annotations

COMMANDS: dict[str, str] = {
    "connections": "select client|setname ping",
    "keys": "get getdel set setnx incrby mget mset del unlink exists expire pexpire ttl scan",
    "hashes": "hset hsetnx hget hmget hgetall hvals hkeys hlen hdel",
    "lists": "lpush rpush brpop lrange lindex llen ltrim",
    "sets": "sadd srem smembers zadd zrem zrange zrangebyscore",
    "streams": "xadd xread xlen xinfo|stream xinfo|groups",
    "subscribers": "xgroup|create xgroup|setid xgroup|destroy",
    "scripts": "evalsha script|load script|exists multi exec watch unwatch",
    "messages": "publish psubscribe punsubscribe",
    "the server's state": "time info",
}
"""Commands by what they are for, in the words of Redis' ACL."""


def place_words(namespace: str = "g6", database: int = 0) -> str:
    """Return the words for the keys and channels that G6 uses, in Redis' ACL.

    Redis compares the pattern of a subscription with these as text, so Celery's two patterns stand
    beside the one that holds every channel which is published to.

    >>> place_words().split()[:2]
    ['~g6:*', '&g6:*']
    """
    celery = f"&{namespace}:celery:/{database}"
    return f"~{namespace}:* &{namespace}:* {celery}.celery.pidbox {celery}.celeryev/*"


def acl_words(namespace: str = "g6", database: int = 0) -> str:
    """Return the words of a user's rights, for `ACL SETUSER name on >password …`.

    >>> acl_words().split()[-2:]
    ['+time', '+info']
    """
    commands = " ".join(f"+{name}" for words in COMMANDS.values() for name in words.split())
    return f"{place_words(namespace, database)} -@all {commands}"
