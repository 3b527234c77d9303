"""Times g6.domain.pricing.black76 against its peers, in an environment of their own, and writes benchmarks/iv.json.

    python tests/benchmarks/run_bench_iv.py [--sizes 200,400,2000,10000] [--rounds 9]

The environment (build/bench-iv) is made on the first run. Exit status 1 where a ratio that must hold does not.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENVIRONMENT = ROOT / "build" / "bench-iv"
REQUIREMENTS = HERE / "iv" / "bench_iv_requirements.txt"
PEERS = "vollib,py_vollib_vectorized,pyvolr"
FLOORS = "ref:c_libmvec,ref:c_simd"
"""The floors in C (iv/iv_floor.c), peers where gcc is: by libmvec's erfc, and by a polynomial."""
# Times faster, IV and five Greeks, by number of options.
MUST = {
    200: {"py_vollib_vectorized": 2, "vollib": 30, "pyvolr": 1},
    2_000: {"py_vollib_vectorized": 5, "vollib": 90, "pyvolr": 1.3},
    10_000: {"py_vollib_vectorized": 6, "vollib": 100, "pyvolr": 1.4},
}


def python() -> Path:
    """Interpreter of the environment, made or made again when the pins changed."""
    interpreter, mark = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "pins"
    pins = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not mark.exists() or mark.read_text() != pins:
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        install = [interpreter, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*install, "--requirement", REQUIREMENTS], check=True)
        subprocess.run([*install, "--no-deps", "--force-reinstall", _last_pin()], check=True)
        mark.write_text(pins)
    return interpreter


def _last_pin() -> str:
    """The package whose files another one overwrites."""
    return next(
        line
        for line in REQUIREMENTS.read_text().splitlines()
        if line.startswith("py-lets-be-rational==")
    )


def bench(interpreter: Path, sizes: str, rounds: int, target: Path) -> None:
    """One run of the harness; one thread each, so that a core is a core."""
    candidate = HERE / "iv" / "candidate_iv.py"
    one_thread = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )
    command = [
        interpreter,
        HERE / "bench_iv.py",
        "--candidate",
        f"{candidate}:iv",
        "--candidate-greeks",
        f"{candidate}:ivg",
    ]
    peers = f"{PEERS},{FLOORS}" if shutil.which("gcc") else PEERS
    command += ["--peers", peers, "--sizes", sizes, "--rounds", str(rounds), "--json", target]
    path = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE / "iv")))}
    subprocess.run(command, check=True, env={**os.environ, **one_thread, **path})


def shortfalls(results: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Sentences, one for each ratio that must hold and does not."""
    found = []
    for size, ratios in MUST.items():
        table = results.get(f"realistic/{size}/ivg", {})
        for peer, least in ratios.items():
            if table and not table.get(peer, {}).get("ratio", 0) >= least:
                found.append(
                    f"n = {size}: {table.get(peer, {}).get('ratio', 'not')} times faster than {peer}, must be {least}"
                )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="200,400,2000,10000")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "iv.json")
    arguments = parser.parse_args()
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    bench(python(), arguments.sizes, arguments.rounds, arguments.json)
    missed = shortfalls(json.loads(arguments.json.read_text())["speed"])
    for sentence in missed:
        sys.stderr.write(sentence + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
