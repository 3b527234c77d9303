"""The masking of secrets in addresses, settings, log entries and errors.

mask_address("redis://:s3cret@host/0")     a value that is an address, or may be a misspelt one
mask("refused redis://:s3cret@host/0")     any text, mapping or list in which a secret may stand

Both rather hide a harmless word than show a part of a password. A password that is not
percent-encoded has no certain end, so everything between `://` and the last `@` goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import overload

MASK = "***"

_NAMES = (
    r"(?:(?:access_?|request_?|refresh_?|public_?|enc)?token|(?:api_?)?secret|api_?key"
    r"|password|passwd|pwd|checksum|authorization|cookie|credentials?)"
)
_SECRET_NAME = re.compile(rf"(?i)(?:^|[_.\-]){_NAMES}$")
_LIKE_A_SECRET = re.compile(r"(?i)token|secr|passw|pwd|key|credential|auth")
_SECRET_OPTION = re.compile(rf"(?i)[?&](?:\w*_)?{_NAMES}=")
_HARMLESS_OPTIONS = re.compile(
    r"(?:&(?!ssl_password)"
    r"(?:db|ssl\w*|socket_\w+|timeout|protocol|max_connections|health_check_interval)"
    r"=[\w./-]*)+$"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
_SHOWN = re.compile(
    r"\*\*\*@|:<password>@"
    r"|(?:(?:\d{1,3}\.){3}\d{1,3}|localhost|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
    r"(?:/[\w.\-/]*)?(?=[\s,;'\")\]}>]|$)"
)
"""What may follow a scheme and holds no password: a masked one, or a machine's address and path."""
_PAGE = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:/[^\s:@]*)?(?=[\s)'\"]|$)")
_PORT_OR_NONE = re.compile(r"[^:/?#\s]+(?::\d*)?(?=[/?#\s,;'\")\]}>]|$)|/")
_GREEDY_OPTION = re.compile(
    r"(?i)([?&](?:\w*_)?(?:password|passwd|pwd)=)(?!\*\*\*(?!\w)|<password>).*"
)

_QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_PLACEHOLDER = r"(?!\$[({]|…|<\w|\*\*\*(?!\w))"
"""A value that is none: `$(openssl rand -hex 16)`, `…`, `<TOKEN>`, or what was masked before."""
_PATTERNS = (
    (
        re.compile(r"(?i)\b(authorization\W{1,4})(?:token|bearer|basic)?\s*[^\s,'\"}]+"),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer|token)\s+(?=\S*\d)[\w\-.=]{6,}:?[\w\-.=]*"), rf"\1 {MASK}"),
    (
        re.compile(
            rf"(?i)({_NAMES}['\"]?\s*[=:]\s*){_PLACEHOLDER}(?:{_QUOTED}|['\"]?[^\s&,;'\"}})]+)"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), MASK),  # a JSON web token
    (
        re.compile(r"\b(?=\w*\d)(?=\w*[g-zG-Z])[A-Za-z0-9]{32,}\b"),
        MASK,
    ),  # a bare token; hashes and trace ids are hexadecimal
)


def mask_address(address: str) -> str:
    """Return an address without its password.

    The password may hold any character, and the scheme may be missing.

    >>> mask_address("rediss://user:p@ss/word@host:6380/0")
    'rediss://***@host:6380/0'
    >>> mask_address("unix:///run/redis.sock?password=a b&db=1")
    'unix:///run/redis.sock?password=***&db=1'
    """
    match = _SCHEME.match(address)
    scheme = match.group() if match else ""
    visible = address
    options = ""
    if secret := _SECRET_OPTION.search(address):
        harmless = _HARMLESS_OPTIONS.search(address, secret.end())
        hidden = address[secret.end() : harmless.start() if harmless else len(address)]
        visible = address[: secret.end()]
        options = MASK + (harmless.group() if harmless else "")
        # Where the password begins cannot be told.
        if "@" in hidden and not address.startswith("unix:///"):
            return f"{scheme}{MASK}"
    user, at, host = visible[len(scheme) :].rpartition("@")
    # The path of a file may hold an @ as well; it has neither scheme nor colon before it.
    if at and (scheme or ":" in user):
        visible = f"{scheme}{MASK}@{host}"
    return visible + options


@overload
def mask(value: str) -> str: ...
@overload
def mask(value: object) -> object: ...
def mask(value: object) -> object:
    """Return `value` without secrets, also inside mappings and lists."""
    if isinstance(value, str):
        value = _mask_addresses(value)
        for pattern, instead in _PATTERNS:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, Mapping):
        return {name: MASK if hides(name, item) else mask(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item) for item in value]
    return mask(str(value)) if isinstance(value, Exception | bytes) else value


@overload
def mask_setting(value: Mapping[str, object], name: object = "") -> dict[str, object]: ...
@overload
def mask_setting(value: object, name: object = "") -> object: ...
def mask_setting(value: object, name: object = "") -> object:
    """Return a setting's value as people may see it: every text counts as one address."""
    if isinstance(value, Mapping):
        return {key: mask_setting(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_setting(item) for item in value]
    if not isinstance(value, str):
        return value
    return MASK if value and hides(name, value) else mask_address(value)


def hides(name: object, value: object) -> bool:
    """Tell whether a key names a secret. Instrument tokens are numbers and stay."""
    return isinstance(value, str | bytes) and bool(_SECRET_NAME.search(str(name)))


def resembles_a_secret(name: str) -> bool:
    """Tell whether a name may be a secret's misspelt, so that its value must not be quoted."""
    return bool(_LIKE_A_SECRET.search(name))


def _mask_addresses(text: str) -> str:
    """Mask the addresses of a text, from left to right."""
    parts = []
    while scheme := _SCHEME.search(text):
        parts.append(text[: scheme.end()])
        text = text[scheme.end() :]
        harmless = _SHOWN.match(text)
        if not harmless and scheme.group().startswith("http"):
            harmless = _PAGE.match(text)
        if harmless:
            parts.append(harmless.group())
            text = text[harmless.end() :]
            continue
        line = text.partition("\n")[0]
        # A password may hold a line break: where `user:` is followed by no port, the address goes
        # on behind it.
        reach = line if "@" in line or _PORT_OR_NONE.match(line) else text
        if (option := _GREEDY_OPTION.search(line)) and "@" in option.group():
            parts.append((line[: option.end(1)] if line.startswith("/") else "") + MASK)
            text = text[len(line) :]  # where the password begins and ends cannot be told
        elif "@" in reach:
            parts.append(MASK)
            text = text[reach.rindex("@") :]
        text = _without_option(text)
    return "".join(parts) + text


def _without_option(text: str) -> str:
    """Mask a password among an address's options to the end of its line."""
    line, sign, rest = text.partition("\n")
    return _GREEDY_OPTION.sub(rf"\1{MASK}", line) + sign + rest
