"""The refusals of the server, in Kite's error envelope."""

from __future__ import annotations

UNKNOWN_PAIR = "Incorrect `api_key` or `access_token`."


class RequestRefusal(Exception):
    """An answer other than 200, with Kite's name of its kind."""

    def __init__(self, status: int, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.kind = kind
        self.sentence = sentence

    def envelope(self) -> dict[str, object]:
        """Return the JSON body."""
        return {"status": "error", "message": self.sentence, "data": None, "error_type": self.kind}


def wrong(sentence: str) -> RequestRefusal:
    """Return the refusal of a malformed request."""
    return RequestRefusal(400, "InputException", sentence)


def denied(sentence: str = UNKNOWN_PAIR) -> RequestRefusal:
    """Return the refusal of a token."""
    return RequestRefusal(403, "TokenException", sentence)


def too_many() -> RequestRefusal:
    """Return the refusal of one request too many in a second."""
    return RequestRefusal(429, "NetworkException", "Too many requests")
