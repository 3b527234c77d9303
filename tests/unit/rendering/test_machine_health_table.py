"""What the doctor prints of a finding is the finding, brackets included."""

from rich.console import Console

from g6.rendering import parts
from g6.studies.checks.machine_health import HealthFinding, MachineHealth


def test_the_origins_of_a_setting_are_shown_in_their_brackets() -> None:
    seen = "interval: 60 [file] -> 30 [env]"
    document = MachineHealth((HealthFinding("restart", ok=False, seen=seen),))
    console = Console(width=80)
    with console.capture() as written:
        parts.print_parts(console, parts.parts_of("doctor", document))
    assert seen in written.get()
