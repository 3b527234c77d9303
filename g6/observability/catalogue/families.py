"""The metric families: the one list of them, with the event that each is made from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf, prod
from types import MappingProxyType
from typing import Literal, cast

from g6.observability.catalogue.labels import LABELS, label_key

Kind = Literal["counter", "gauge", "histogram"]
Shown = Literal["as_is", "age", "lag", "lap"]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family.

    Attributes:
        source: The event, and the stage, that it is made from.
        primed: Whether its series stand at 0 before the first event. A price is not: 0 would be
            an invented value.
        shown: `age` holds an instant and shows the wall seconds since. `lag` shows how far the
            newest cycle is ahead of the newest data, both in market time. `lap` shows the seconds
            between the last two events.
    """

    area: str
    name: str
    kind: Kind
    labels: tuple[str, ...]
    unit: str
    source: str
    help: str
    buckets: tuple[float, ...] = ()
    primed: bool = True
    shown: Shown = "as_is"

    @property
    def older(self) -> bool:
        """Whether it counts under an older name that dashboards know.

        prometheus_client would lengthen the name of a counter by `_total`.
        """
        return self.kind == "counter" and not self.name.endswith("_total")

    def series(self, sizes: Mapping[str, int]) -> int:
        """Return the most series this family can have.

        A histogram's count, its sum and every bucket are one each, +Inf included.
        """
        each = len(self.buckets) + 3 if self.kind == "histogram" else 1
        return each * prod(sizes[label] for label in self.labels)


SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
BUCKETS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "g6_cycle_duration_seconds": (
            0.05,
            0.1,
            0.25,
            0.5,
            0.75,
            1.0,
            1.5,
            2.5,
            5.0,
            10.0,
            15.0,
            30.0,
            60.0,
        ),
        "g6_cycle_start_lateness_seconds": (
            0.005,
            0.01,
            0.025,
            0.05,
            0.1,
            0.2,
            0.5,
            1.0,
            2.5,
            5.0,
            15.0,
            30.0,
        ),
        "g6_iv_iterations_histogram": (
            1.0,
            2.0,
            3.0,
            4.0,
            5.0,
            7.0,
            10.0,
            15.0,
            20.0,
            30.0,
            50.0,
            100.0,
        ),
        "g6_iv_solve_seconds": (
            0.0005,
            0.001,
            0.002,
            0.003,
            0.005,
            0.0075,
            0.01,
            0.02,
            0.05,
            0.1,
            0.25,
            1.0,
        ),
        "g6_bus_publish_latency_ms": (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0),
    }
)

_TABLE = """
cycle | g6_cycles_total | counter | status | cycles
    cycle.report | Cycles closed, by how they ended; a rerun is not counted again.
cycle | g6_cycle_duration_seconds | histogram |  | seconds
    cycle.report | From the cycle's instant to overview and panels in Redis, wall time.
cycle | g6_cycle_start_lateness_seconds | histogram |  | seconds
    cycle.report | From the cycle's instant to its first stage running, wall time.
cycle | g6_stage_duration_seconds | histogram | stage index | seconds
    unit.report | Run time of one stage of one unit; stages of a whole cycle have index all.
cycle | g6_last_success_cycle_unixtime | gauge |  | seconds
    cycle.report | Wall time at which the last cycle closed in which an index was analysed; 0 before
    the first.
cycle | g6_cycle_skipped_total | counter | index reason=cause | units
    cycle.report | Units that were never begun, by reason.
cycle | g6_market_open | gauge | exchange | boolean
    heartbeat | 1 while the exchange is in session.
cycle | g6_units_total | counter | index status | units
    cycle.report | Units of closed cycles, by how they ended; a rerun is not counted again.
options | g6_index_options_processed | gauge | index | options
    cycle.report | Options with a quote in the newest cycle.
options | g6_index_options_processed_total | counter | index | options
    unit.report analyse | Options with a quote, over all cycles analysed.
options | g6_index_spot | gauge? | index | points
    cycle.report | Last price of the index.
options | g6_index_pcr | gauge? | index bucket | ratio
    cycle.report | Put over call open interest, whole chain of this bucket.
options | g6_index_atm_strike | gauge? | index | points
    cycle.report | At-the-money strike of the nearest expiry.
options | g6_index_atm_iv | gauge? | index bucket | fraction
    cycle.report | At-the-money implied volatility, per square root of a year.
options | g6_expiry_missing_mask | gauge | index | bits
    cycle.report | Buckets expected and not collected: 1 this_week, 2 next_week, 4 this_month, 8
    next_month.
options | g6_data_staleness_seconds | gauge:lag | index | seconds
    unit.report analyse, cycle.report | Newest cycle's instant less the newest instant of the
    index's own data, market time.
provider | g6_provider_requests_total | counter | provider endpoint outcome | requests
    unit.report collect | Requests to the provider.
provider | g6_provider_request_seconds | histogram | endpoint | seconds
    unit.report collect | Time of one request.
provider | g6_provider_rate_wait_seconds | histogram | endpoint | seconds
    unit.report collect | Time one collection waited for request slots.
provider | g6_provider_retries_total | counter | reason=retry | requests
    unit.report collect | Requests made again.
provider | g6_provider_mode | gauge | mode | boolean
    heartbeat | 1 for the kind of market that is being collected.
provider | g6_provider_breaker_state | gauge? | state=breaker | boolean
    heartbeat | 1 for the state of the circuit breaker that all workers share.
provider | g6_provider_budget_left | gauge? | family | requests
    heartbeat | Requests that fit into the next minute.
provider | g6_provider_token_seconds | gauge? |  | seconds
    heartbeat | Time until the access token ends; 0 when none is good.
provider | g6_expiry_cache_hits | counter |  | listings
    unit.report collect | Listings, with their expiries, that needed no download.
provider | g6_expiry_cache_misses | counter |  | listings
    unit.report collect, provider.state | Listings that were downloaded, or stood in for one that
    could not be.
provider | g6_root_cache_hit_ratio | gauge? |  | ratio
    unit.report collect | Listings that needed no download over all asked for by one process.
provider | g6_ticker_connected | gauge? | connection | boolean
    heartbeat | 1 while this connection of the stream is open.
provider | g6_ticker_last_frame_age_seconds | gauge? | connection | seconds
    heartbeat | Time since its last frame, the feed's own heartbeats included.
provider | g6_ticker_tokens | gauge? | connection | instruments
    heartbeat | Instruments it is subscribed to.
provider | g6_ticker_ticks_per_second | gauge? | connection | ticks
    heartbeat | Ticks a second over the last few.
provider | g6_ticker_reconnects_total | counter | reason=loss | connections
    provider.state | Connections of the stream that were lost and made again, by reason.
provider | g6_quote_source_total | counter | index source | options
    unit.report analyse | Options by where their quote came from.
quality | g6_quotes_rejected_total | counter | index reason=quality | options
    unit.report analyse | Options whose quote carries a quality flag, once per flag.
quality | g6_expiry_contracts_left_out_total | counter | reason=contract_reason | contracts
    unit.report collect | Listed contracts whose symbol contradicts their columns, once per cycle:
    left out, or salvaged; expired ones too.
quality | g6_data_gaps_total | counter | index reason=cause | gaps
    gap.opened | Gaps opened.
quality | g6_coverage_ratio | gauge? | index bucket | ratio
    unit.report analyse | Strikes that came over strikes wanted, newest cycle.
IV | g6_iv_estimation_success_total | counter | index expiry | options
    unit.report analyse | Options with an implied volatility.
IV | g6_iv_estimation_failure_total | counter | index expiry | options
    unit.report analyse | Options on which the solver did not converge.
IV | g6_iv_unavailable_total | counter | index reason=iv_reason | options
    unit.report analyse | Options that have no implied volatility to find, by reason.
IV | g6_iv_estimation_avg_iterations | gauge? | index expiry | iterations
    unit.report analyse | Mean solver iterations per option solved, newest cycle.
IV | g6_iv_iterations_histogram | histogram |  | iterations
    unit.report analyse | Solver iterations per option solved.
IV | g6_iv_solve_seconds | histogram |  | seconds
    unit.report analyse | Time to price one unit's chain: prices, forwards, volatilities, Greeks.
storage | g6_rows_written_total | counter | sink index | rows
    unit.report persist, publish | Rows written; a row written again counts again.
storage | g6_bytes_written_total | counter | sink | bytes
    unit.report persist, publish | Bytes written, as the sink stores them.
storage | g6_write_errors_total | counter | sink reason=write_reason | writes
    unit.report persist, publish, store.refused | Writes that a sink refused, every try counted.
storage | g6_write_seconds | histogram | sink | seconds
    unit.report persist, publish | Time of one write.
storage | g6_torn_lines_repaired_total | counter | index | lines
    unit.report persist, publish | Half lines that a power cut left, mended by the next write.
storage | g6_damaged_lines_aside_total | counter | index | lines
    unit.report persist, publish | Damaged lines that a write found in a CSV file and moved to the
    file beside it.
storage | g6_storage_bytes | gauge? | kind | bytes
    storage.sizes | Bytes stored, by kind; looked at every quarter hour.
storage | g6_disk_free_bytes | gauge? |  | bytes
    heartbeat | Room left where the data directory is.
panels | g6_panels_integrity_ok | gauge? |  | boolean
    panels.verify | 1 when the last check found every panel as the manifest says.
panels | g6_panels_integrity_mismatches_total | counter |  | panels
    panels.verify | Panels that were not as the manifest says.
panels | g6_panels_integrity_checks_total | counter |  | checks
    panels.verify | Checks run.
panels | g6_panels_integrity_failures_total | counter |  | checks
    panels.verify | Checks that could not run.
panels | g6_panels_integrity_last_elapsed_seconds | gauge? |  | seconds
    panels.verify | Time the last check took.
panels | g6_panels_integrity_last_gap_seconds | gauge:lap |  | seconds
    panels.verify | Time between the last two checks.
panels | g6_panels_integrity_last_success_age_seconds | gauge:age |  | seconds
    panels.verify | Time since the last check that found nothing.
configuration | g6_config_deprecated_keys_total | counter | key | refusals
    alert | Configurations that were refused for a retired setting, by setting.
bus | g6_bus_events_published_total | counter | bus | events
    the bus | Events appended to the stream.
bus | g6_bus_events_dropped_total | counter | bus reason=drop | events
    the bus | Events the recorder could not count: trimmed before it read them, or not what their
    type says.
bus | g6_bus_queue_retained_events | gauge | bus | events
    heartbeat | Events the stream holds.
bus | g6_bus_subscriber_lag_events | gauge | bus subscriber | events
    the bus | Events published and not yet read.
bus | g6_bus_publish_latency_ms | histogram | bus | milliseconds
    every event | From the publisher's stamp to the server's append; the server's clock ticks in
    milliseconds.
workers | g6_queue_length | gauge | queue | messages
    heartbeat | Messages waiting; queue unreadable: texts that were none, the last 100 kept.
workers | g6_queue_wait_seconds | histogram | queue | seconds
    unit.report | From being sent to being run.
workers | g6_worker_up | gauge | worker | boolean
    heartbeat | 1 while the worker answers.
workers | g6_task_failures_total | counter | task reason=cause | tasks
    unit.report | Stages that ended their unit as MISSING, by reason.
workers | g6_clock_skew_seconds | gauge | host | seconds
    heartbeat | Host's clock less the server's.
workers | g6_process_resident_bytes | gauge | worker | bytes
    heartbeat | Resident memory of a worker and its children.
workers | g6_process_cpu_ratio | gauge | worker | cores
    heartbeat | Processor time a worker and its children use, in cores.
workers | g6_build_info | gauge | version git_commit config_hash build_time | constant
    start | 1; the labels say what runs.
"""
"""Area, name, kind, labels and unit of each family, and below them its source and its help.

A kind with `?` is not primed. What stands behind its colon is how it is shown.
"""


def _families(table: str) -> Iterator[Family]:
    """Yield the families of a table: a line of columns, then indented lines of source and help."""
    for entry in re.split(r"\n(?! )", table.strip()):
        columns, _, text = entry.partition("\n")
        source, _, help_text = " ".join(text.split()).partition(" | ")
        yield _family(columns, source, help_text)


def _family(columns: str, source: str, help_text: str) -> Family:
    area, name, kind, labels, unit = (part.strip() for part in columns.split("|"))
    kind, _, shown = kind.partition(":")
    return Family(
        area,
        name,
        cast("Kind", kind.rstrip("?")),
        tuple(labels.split()),
        unit,
        source,
        help_text,
        buckets=BUCKETS.get(name, SECONDS) if kind == "histogram" else (),
        primed=not (shown or kind.endswith("?")),
        shown=cast("Shown", shown or "as_is"),
    )


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {family.name: family for family in _families(_TABLE)}
)


def bounds(family: Family) -> tuple[float, ...]:
    """Return a histogram's upper bounds, +Inf last."""
    return (*family.buckets, inf)


def series_cap(indices: int) -> int:
    """Return the most series that /metrics can have with this many indices.

    Every label is at its limit, in every combination.
    """
    sizes = {key: label.size for key, label in LABELS.items()} | {"index": indices + 2}
    return sum(
        family.series({label: sizes[label_key(label)] for label in family.labels})
        for family in FAMILIES.values()
    )
