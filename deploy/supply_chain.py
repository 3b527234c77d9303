"""Lists what an installation is made of, and asks who knows of weaknesses in it.

`python -m deploy.supply_chain bom FILE` writes the libraries of requirements.lock as a CycloneDX
document. `python -m deploy.supply_chain audit` asks PyPI's advisories about each of them: the exit
code is 1 where one is known, 0 where none is, and 0 with a sentence where nobody could be asked,
unless `--strict` makes that 3.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PROGRAMS = Path(sys.executable).parent
AUDIT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Audit:
    """What was learnt of some libraries.

    Attributes:
        audited: How many somebody could be asked about.
        weak: What is known, one line each: library, version, advisory, versions that mend it.
    """

    audited: int
    weak: Sequence[str]

    @classmethod
    def parse(cls, text: str) -> Audit:
        """Read the answer of pip-audit.

        A library that the service does not know is skipped, and is not one without a weakness:
        pip-audit 2.10 ends with 0 and "No known vulnerabilities found" where it reached nobody.
        """
        libraries = json.loads(text)["dependencies"] if text.strip() else []
        audited = [library for library in libraries if "skip_reason" not in library]
        weak = []
        for library in audited:
            for advisory in library["vulns"]:
                mended = ", ".join(advisory["fix_versions"]) or "no version"
                name = f"{library['name']} {library['version']}"
                weak.append(f"{name}: {advisory['id']}, mended in {mended}")
        return cls(len(audited), weak)


def ask(requirements: Path) -> Audit:
    """Ask PyPI's advisories about the libraries of a file."""
    words = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    command = [PROGRAMS / "pip-audit", *words, "--requirement", requirements]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=AUDIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Audit(0, ())
    # Without a network it ends with a traceback and no document.
    return Audit.parse(done.stdout)


def audit(*, strict: bool) -> int:
    """Say what is known of the lock file's libraries, and return the exit code."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as first:
        first.write("packaging==26.3\n")
        first.flush()
        reached = ask(Path(first.name)).audited
    answer = ask(LOCK) if reached else Audit(0, ())
    for line in answer.weak:
        print(line)
    if answer.audited:
        print(f"{answer.audited} libraries audited, {len(answer.weak)} weaknesses")
    else:
        print("nobody could be asked for advisories: nothing was audited")
    if answer.weak:
        return 1
    return 3 if strict and not answer.audited else 0


def write_bill(path: Path) -> None:
    """Write the libraries of the lock file as a CycloneDX document, checked against its schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    form = ["--of", "JSON", "--output-reproducible", "--validate", "--pyproject"]
    command = [PROGRAMS / "cyclonedx-py", "requirements", *form, ROOT / "pyproject.toml"]
    subprocess.run([*command, "-o", path, LOCK], check=True)


def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("bom").add_argument("file", type=Path)
    commands.add_parser("audit").add_argument("--strict", action="store_true")
    options = parser.parse_args()
    if options.command == "audit":
        return audit(strict=options.strict)
    write_bill(options.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
