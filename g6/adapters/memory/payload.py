"""Documents as they come back from JSON."""

from __future__ import annotations

import json
from operator import methodcaller
from typing import Any


def plain(document: Any) -> Any:
    """Return a document as it comes back from JSON: lists for tuples, null for NaN."""
    return json.loads(
        json.dumps(document, default=methodcaller("item")), parse_constant=lambda _: None
    )
