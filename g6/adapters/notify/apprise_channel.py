"""The AlarmChannel port over apprise, which knows chats, e-mail, web hooks and desktops."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

import apprise

from g6.errors import BadConfig, SinkAway

__all__ = ["AppriseChannel"]


class AppriseChannel:
    """AlarmChannel port over one address of apprise.

    Args:
        place: Its place in the configuration, from 1.
        address: The address, a secret.

    Raises:
        BadConfig: apprise knows no such address.
    """

    def __init__(self, place: int, address: str) -> None:
        # apprise writes addresses into its log, with a chat's token among them.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        kind = urlsplit(address).scheme or "no kind"
        self._name = f"{place} ({kind})"
        asset = apprise.AppriseAsset(app_id="G6", app_desc="G6", secure_logging=True)
        service = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
        if not service:
            raise BadConfig(
                f"channel {self._name} is no address that can be used",
                "write it as https://appriseit.com/services/ says, such as mailto://… or json://…",
            )
        self._service = service

    @property
    def name(self) -> str:
        """Return its place in the configuration and its kind."""
        return self._name

    def send(self, title: str, text: str) -> None:
        """Send one message. A server that does not answer is waited for as long as apprise waits.

        Raises:
            SinkAway: It was not sent.
        """
        try:
            is_sent = self._service.notify(body=text, title=title)
        except (OSError, TypeError, ValueError, RuntimeError, LookupError) as error:
            # Its text may quote the address, and a chained error would show it.
            raise self._away(type(error).__name__) from None
        if not is_sent:
            raise self._away("it does not answer, or refuses the message")

    def _away(self, reason: str) -> SinkAway:
        return SinkAway(
            f"channel {self._name} took no message: {reason}",
            "g6 alert test sends a message on every channel; G6_ALERTS__CHANNELS has the address",
        )
