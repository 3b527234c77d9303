"""The Sink port over InfluxDB 2, InfluxDB 3, and servers that speak their write API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from g6.domain.schema.words import SinkName
from g6.errors import SinkAway, SinkRefused

PRECISION = cast("WritePrecision", WritePrecision.S)
"""Instants of points are whole seconds, as cycles are."""
_NEVER = (400, 413, 422)
"""Statuses by which a server says that it will never take these lines."""
_FIXES = {
    401: "set G6_INFLUX__TOKEN, or influx.token_file, to a token that may write to the bucket",
    403: "give the token the right to write to the bucket",
    404: "create the bucket, or mend influx.bucket, influx.org or influx.url",
}


class InfluxSink:
    """Sink port: one POST to /api/v2/write for each call.

    Args:
        url: The server's address.
        token: What it lets in, empty where it asks for none.
        org: The organisation of the bucket.
        bucket: Where the points go.
        timeout: Wall seconds for one request.
    """

    name = SinkName.INFLUX

    def __init__(self, url: str, token: str, org: str, bucket: str, timeout: float) -> None:
        self._url = url
        self._org = org
        self._bucket = bucket
        # The client's own tries would wait behind the back of the outbox, which keeps the order.
        self._client = InfluxDBClient(
            url, token, org=org, timeout=int(timeout * 1000), retries=False
        )
        self._api = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, lines: Sequence[str]) -> int:
        """Send lines in one request.

        Raises:
            SinkAway: It does not answer, is too busy, or does not let us in.
            SinkRefused: It says that the lines are wrong.
        """
        content = "\n".join(lines)
        try:
            self._api.write(self._bucket, self._org, content, PRECISION)
        except ApiException as error:
            raise self._refusal(error) from error
        except (HTTPError, OSError) as error:
            raise SinkAway(
                f"{self._url} does not answer: {_reason(error)}",
                "start it, or mend influx.url; what is stored waits meanwhile",
            ) from error
        return len(content.encode())

    def _refusal(self, error: ApiException) -> SinkAway | SinkRefused:
        status = int(error.status or 0)
        words = " ".join(str(error.message or error.reason or "").split())[:200]
        if status in _NEVER:
            return SinkRefused(f"{self._url} refuses the points ({status}): {words}")
        fix = _FIXES.get(status, "the server's log says why; what is stored waits meanwhile")
        return SinkAway(f"{self._url} takes no points now ({status}): {words}", fix)


def _reason(error: Exception) -> str:
    """Return what a person can use of an error of the network."""
    text = str(error)
    for phrase in ("timed out", "refused", "Name or service not known", "certificate"):
        if phrase in text:
            return phrase
    return type(error).__name__
