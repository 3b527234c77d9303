"""The alarm channel: a way to a person, such as a chat, a mailbox or a web hook."""

from __future__ import annotations

from typing import Protocol


class AlarmChannel(Protocol):
    """A way to a person. Its address is a secret, its name is not."""

    @property
    def name(self) -> str:
        """Return its place in the configuration and its kind, such as `1 (mailto)`."""
        ...

    def send(self, title: str, text: str) -> None:
        """Send one message, within seconds.

        Raises:
            SinkAway: It was not sent. The error says nothing of the address.
        """
        ...
