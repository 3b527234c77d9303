"""A fresh world for each test."""

import pytest

from tests.worlds.pipeline import World


@pytest.fixture
def world() -> World:
    return World()
