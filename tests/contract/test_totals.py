"""The contract of a TotalsStore, over memory and Redis."""

from math import inf, isnan, nan

import pytest

from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.redis.totals import RedisTotals


@pytest.fixture(params=["memory", "redis"])
def store(request, namespace):
    if request.param == "memory":
        return MemoryTotals()
    return RedisTotals(request.getfixturevalue("redis_client"), namespace)


def test_a_fresh_store_is_empty_and_stands_before_the_first_event(store):
    assert store.load() == ({}, {}, "0")


def test_what_is_saved_is_loaded_with_its_id(store):
    assert store.save(
        {"a{x}": 1.0, "b{}:sum": 0.1 + 0.2}, {"cycle.report": '{"cycle":"é"}'}, "5-0", "0"
    )
    assert store.load() == (
        {"a{x}": 1.0, "b{}:sum": 0.1 + 0.2},
        {"cycle.report": '{"cycle":"é"}'},
        "5-0",
    )


def test_a_later_save_replaces_what_it_names_and_keeps_the_rest(store):
    store.save({"a": 1.0, "b": 2.0}, {"one": "1", "two": "2"}, "1-0", "0")
    store.save({"b": 3.0}, {"two": "3"}, "2-0", "1-0")
    assert store.load() == ({"a": 1.0, "b": 3.0}, {"one": "1", "two": "3"}, "2-0")


def test_a_batch_counted_from_another_event_changes_nothing(store):
    store.save({"a": 1.0}, {}, "1-0", "0")
    assert not store.save({"a": 2.0}, {"one": "1"}, "1-0", "0")
    assert store.load() == ({"a": 1.0}, {}, "1-0")


def test_a_save_without_changes_moves_the_id(store):
    assert store.save({}, {}, "1-0", "0")
    assert store.load() == ({}, {}, "1-0")


def test_numbers_that_are_not_finite_survive(store):
    store.save({"a": nan, "b": inf}, {}, "1-0", "0")
    numbers, _, _ = store.load()
    assert isnan(numbers["a"])
    assert numbers["b"] == inf


def test_thousands_of_values_are_saved_in_one_step(store):
    many = {f"family{{{n}}}": float(n) for n in range(5_000)}
    assert store.save(many, {}, "1-0", "0")
    assert store.load()[0] == many
