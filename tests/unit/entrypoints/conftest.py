"""What tests of several doors share."""

from __future__ import annotations

import pytest

from tests.worlds.stored_cycles import Stored, store_two_cycles


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """Two cycles of FINNIFTY's nearest expiry, as the pipeline stores them."""
    return store_two_cycles(tmp_path_factory.mktemp("store"))
