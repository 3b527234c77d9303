"""Explorers: any histogram, counter or gauge of the catalogue beside itself of a while ago."""

from g6.observability.catalogue.dashboard import (
    SELECTOR,
    Dashboard,
    DashboardPanel,
    PanelChoice,
    PanelQuery,
)
from g6.observability.catalogue.families import FAMILIES

_SHARES = ("0.5", "0.9", "0.95", "0.99")
_KINDS = ("histogram", "counter", "gauge")
_SHOWN = "and on () (vector($overlay) == 1)"
_BUCKETS = f'{{__name__="${{histogram}}_bucket",{SELECTOR}}}'
_COUNTER = f'{{__name__="$counter",{SELECTOR}}}'
_GAUGE = f'{{__name__="$gauge",{SELECTOR}}}'
_AGO = "$shift ago"


def _families(kind: str) -> tuple[str, ...]:
    return tuple(name for name, family in FAMILIES.items() if family.kind == kind)


def _quantile(share: str, offset: str = "") -> str:
    """Return the query of a quantile of the chosen histogram."""
    rates = f"sum by (le) (rate({_BUCKETS}[$__rate_interval]{offset}))"
    return f"histogram_quantile({share}, {rates})"


_NOW = PanelQuery(_quantile("$q"), "$histogram")
_BEFORE = PanelQuery(f"{_quantile('$q', ' offset $shift')} {_SHOWN}", _AGO)
_RATE = PanelQuery(f"sum(rate({_COUNTER}[$__rate_interval]))", "$counter")
_RATE_BEFORE = PanelQuery(f"sum(rate({_COUNTER}[$__rate_interval] offset $shift)) {_SHOWN}", _AGO)

CHOICES = (
    *(PanelChoice(kind, kind.capitalize(), _families(kind)) for kind in _KINDS),
    PanelChoice("q", "Quantile", ("0.95", *(share for share in _SHARES if share != "0.95"))),
    PanelChoice("shift", "Compared with", ("1h", "5m", "15m", "6h", "1d", "7d")),
    PanelChoice("overlay", "Overlay (1 shows it)", ("1", "0")),
)
"""What a person picks above the panels."""

QUANTILE_PANEL = DashboardPanel(
    "Quantile of the histogram",
    "The quantile chosen, and the same of a while ago where the overlay is on.",
    "short",
    (_NOW, _BEFORE),
)
RATE_PANEL = DashboardPanel(
    "Rate of the counter",
    "All of its series together, a second.",
    "short",
    (_RATE, _RATE_BEFORE),
)

EXPLORER = Dashboard(
    "g6-explorer",
    "G6: explorer",
    "Any histogram, counter and gauge of the catalogue, now and a while ago.",
    (
        QUANTILE_PANEL,
        RATE_PANEL,
        DashboardPanel(
            "Distribution of the histogram",
            "Observations a second, by upper bound.",
            "short",
            (PanelQuery(f"sum by (le) (rate({_BUCKETS}[$__rate_interval]))", "{{le}}"),),
            kind="heatmap",
        ),
        DashboardPanel(
            "The gauge",
            "Its largest series.",
            "short",
            (
                PanelQuery(f"max({_GAUGE})", "$gauge"),
                PanelQuery(f"max({_GAUGE} offset $shift) {_SHOWN}", _AGO),
            ),
        ),
        DashboardPanel(
            "Quantiles of the histogram",
            "Four quantiles now.",
            "short",
            tuple(PanelQuery(_quantile(share), f"p{float(share) * 100:g}") for share in _SHARES),
            kind="table",
        ),
        DashboardPanel(
            "Change of the quantiles",
            "Against a while ago. A tenth more is yellow, a quarter more is red.",
            "percentunit",
            tuple(
                PanelQuery(
                    f"{_quantile(share)} / {_quantile(share, ' offset $shift')} - 1",
                    f"p{float(share) * 100:g}",
                )
                for share in _SHARES
            ),
            kind="table",
            bands=(0.1, 0.25),
        ),
    ),
    choices=CHOICES,
)

COMPACT = Dashboard(
    "g6-explorer-compact",
    "G6: explorer, compact",
    "A histogram and a counter of the catalogue, now and a while ago, on one screen.",
    (QUANTILE_PANEL, RATE_PANEL),
    choices=tuple(choice for choice in CHOICES if choice.name != "gauge"),
)
