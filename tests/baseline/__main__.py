"""Prints the baseline, or writes it with --write, after a change of figures that was meant.

python -m tests.baseline            the hashes of this machine, to the last byte, for a side-by-side look
python -m tests.baseline --write    tests/data/baseline.json again
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.baseline.recorded import BASELINE, baseline, file_hashes


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        found = baseline(Path(directory))
        if "--write" in sys.argv:
            BASELINE.write_text(
                json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8"
            )
        print(json.dumps(found | {"files": file_hashes(Path(directory))}, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
