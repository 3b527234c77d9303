"""A `g6 serve` somewhere, asked over HTTP for its panels, its status and its studies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlencode, urlsplit

from g6.domain.schema.json_types import Document
from g6.errors import NothingToDo, RedisDown, Unavailable, UserError

__all__ = ["PanelServer"]

ANSWER_SECONDS = 5.0
COLUMNS_HEADER = "G6-Columns"
_REFUSALS = {
    401: "set serve.token to the server's token: G6_SERVE__TOKEN",
    403: "see serve.allowed_addresses and serve.allowed_agents of the server",
    429: "ask less often, or raise serve.requests_per_second of the server",
}


class PanelServer:
    """Asks one server. A connection is made for each question: a server may come and go."""

    def __init__(self, url: str, token: str = "") -> None:
        """Take an address.

        Args:
            url: Such as http://127.0.0.1:9109.
            token: `serve.token` of the server, empty where none is needed.

        Raises:
            UserError: It is no address, or holds a secret.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UserError(f"{url!r} is no address", "write it as http://127.0.0.1:9109")
        if parts.username or parts.password or parts.query:
            raise UserError(
                "the address holds more than a host and a port, which logs would show",
                "give the token in G6_SERVE__TOKEN",
            )
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._is_safe = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def document(self, path: str) -> Document:
        """Return the JSON object below a path, an empty one where there is no such panel.

        Raises:
            Unavailable: The server refuses this client, or is none of G6.
            RedisDown: The server does not answer now, or its Redis does not.
        """
        try:
            content = json.loads(self._body(path))
        except NothingToDo:
            return {}
        except ValueError as error:
            raise self._no_server(path) from error
        if not isinstance(content, Mapping):
            raise self._no_server(path)
        return content

    def study(self, name: str, suffix: str, values: Mapping[str, str], *, columns: int = 0) -> str:
        """Return a study's answer in the form of a suffix.

        Args:
            name: The study.
            suffix: Such as json.
            values: Its parameters.
            columns: The width of a screen that text is for, 0 for the server's own.

        Raises:
            NothingToDo: It refuses the question, with its sentence.
            Unavailable: The server refuses this client.
            RedisDown: The server does not answer now.
        """
        query = f"?{urlencode(values)}" if values else ""
        headers = {COLUMNS_HEADER: str(columns)} if columns else {}
        return self._body(f"/v1/{quote(name)}.{suffix}{query}", headers)

    def data(self, path: str) -> object:
        """Return the data of an answer below a path, None where there is none.

        Raises:
            Unavailable: The server refuses this client, or is none of G6.
            RedisDown: The server does not answer now, or its Redis does not.
        """
        return self.document(path).get("data")

    def _body(self, path: str, headers: Mapping[str, str] | None = None) -> str:
        kind = HTTPSConnection if self._is_safe else HTTPConnection
        connection = kind(self._host, self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", path, headers={**self._headers, **(headers or {})})
            response = connection.getresponse()
            body = response.read().decode("utf-8", "replace")
        except (OSError, HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise RedisDown(f"{self.url} does not answer: {reason}", "start g6 serve") from error
        finally:
            connection.close()
        if response.status == 200:
            return body
        if response.status in _REFUSALS:
            raise Unavailable(f"{self.url} refuses: {_detail(body)}", _REFUSALS[response.status])
        if response.status >= 500:
            raise RedisDown(f"{self.url} cannot answer: {_detail(body)}")
        raise NothingToDo(_detail(body) or f"{self.url} has no {path}")

    def _no_server(self, path: str) -> Unavailable:
        return Unavailable(
            f"{self.url}{path} is no answer of g6 serve",
            "name the web port of g6 serve, such as http://127.0.0.1:9109",
        )


def _detail(body: str) -> str:
    """Return the sentence of a problem document, with its fix."""
    try:
        problem = json.loads(body)
        sentence = str(problem.get("detail") or problem.get("error") or problem.get("title") or "")
        fix = problem.get("fix")
    except (ValueError, AttributeError):
        return ""
    return f"{sentence}; fix: {fix}" if fix else sentence
