"""Which studies take no instant, and which are not asked from elsewhere, each with its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from g6.errors import UserError

__all__ = ["NOT_FROM_ELSEWHERE", "WITHOUT_AT", "refuse_instant"]

AT_NAMES = frozenset({"at", "as_of"})
"""The names under which an instant is asked about."""
WITHOUT_AT: Mapping[str, tuple[str, str]] = {
    "workers": (
        "processes and queues are those of now, and nobody keeps what they were",
        "g6 trace INSTANT shows where the time of a past cycle went",
    ),
    "trace": ("the cycle that it is asked about is its instant", "g6 trace 11:02"),
    "status": (
        "it tells of the system as it runs now",
        "g6 overview --at INSTANT shows the indices of a past cycle",
    ),
    "health": (
        "it tells of the system as it runs now",
        "g6 data gaps --at INSTANT shows which cycles were missing",
    ),
    "day": (
        "login, clock and disk are those of now",
        "g6 day --date DAY shows the checklist of another day",
    ),
    "check": ("the provider is asked now", "leave it out"),
    "doctor": ("this machine is looked at as it is now", "leave it out"),
    "providers": ("it lists what is installed now", "leave it out"),
    "sizes": (
        "files are measured as they lie there now: folding leaves no trace of earlier sizes",
        "g6 data catalogue --at INSTANT shows which cycles were stored",
    ),
    "day_estimate": ("it counts with the settings of now", "leave it out"),
    "plan": ("it counts with constants, whenever it is asked", "leave it out"),
    "pruning_plan": (
        "only files that lie there now can be deleted",
        "--before DAY names the days",
    ),
    "csv_files": (
        "files are counted as they lie there now: they keep no time of their rows",
        "g6 data catalogue --at INSTANT shows which cycles were stored",
    ),
    "damage": ("files are read as they lie there now", "--date DAY names one session day"),
    "panel_files": (
        "the files are those of the newest cycle",
        "/v1/panels/NAME?at=INSTANT makes a panel again from the stored rows",
    ),
    "unanswered_expiries": (
        "it holds the settings of now against the listing of now",
        "g6 expiries INDEX --at INSTANT shows what a bucket stood for",
    ),
}
"""By the study's name: why it takes no instant, and what helps who wanted one."""
NOT_FROM_ELSEWHERE: Mapping[str, str] = {
    "logs": "a line may hold a path, an address or what somebody typed",
    "doctor": "it looks into this machine's processes, ports and files",
    "day": "it looks into this machine's login, clock and disk",
    "check": "it spends the provider's requests, which the collection needs",
    "damage": "it reads every stored file, which takes the disk minutes",
}
"""Studies that no web client and no model may ask, by name, with the reason."""


def refuse_instant(study: str, names: Collection[str]) -> None:
    """Refuse an instant of a study that takes none.

    Args:
        study: The study's name.
        names: Of the parameters that are given.

    Raises:
        UserError: An instant is among them.

    >>> refuse_instant("sizes", ["index"])
    """
    if study in WITHOUT_AT and AT_NAMES & set(names):
        reason, fix = WITHOUT_AT[study]
        raise UserError(f"{study} takes no at: {reason}", fix)
