"""LibreOffice opens the address of an answer, and the line of Python below a page runs."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pandas as pd
import pytest
import uvicorn

from tests.waiting import eventually
from tests.worlds.stored_cycles import store_two_cycles
from tests.worlds.web.asked_over_http import study_app

OFFICE = shutil.which("soffice")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    directory = tmp_path_factory.mktemp("served")
    store_two_cycles(directory)
    server = uvicorn.Server(
        uvicorn.Config(study_app(directory), port=0, log_config=None, lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", directory
    server.should_exit = True
    thread.join(90)


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice (libreoffice-calc-nogui) is not installed")
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "html"])
def test_calc_opens_the_address_and_has_the_cells(
    served: tuple[str, Path], tmp_path: Path, suffix: str
) -> None:
    base, _ = served
    command = [
        str(OFFICE),
        f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        "--headless",
        *(["--infilter=calc_HTML_WebQuery"] if suffix == "html" else []),
        "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76",
        "--outdir",
        str(tmp_path),
        f"{base}/v1/chain.{suffix}?index=FINNIFTY",
    ]
    done = subprocess.run(command, check=True, capture_output=True, timeout=100)
    (file,) = tmp_path.glob("*.csv*") or [Path(done.stderr.decode())]
    rows = httpx.get(f"{base}/v1/chain.ndjson?index=FINNIFTY", timeout=90).text.splitlines()
    expected = pd.DataFrame([json.loads(row) for row in rows])
    if suffix == "html":
        text = file.read_text("utf-8")
        page = httpx.get(f"{base}/v1/chain.html?index=FINNIFTY", timeout=90).text
        cells = re.findall(r"<td[^>]*>([0-9][0-9,.]*)</td>", page)
        assert len(cells) > 100
        # Calc reads 22,100 as a number and 0.50 as 0.5.
        numbers = {float(cell) for cell in re.findall(r"[0-9]+(?:\.[0-9]+)?", text)}
        assert {float(cell.replace(",", "")) for cell in cells} <= numbers
        return
    opened = pd.read_csv(file)
    assert len(opened) == len(expected)
    assert opened["strike"].to_numpy() == pytest.approx(expected["strike"].to_numpy())


def test_the_line_of_python_below_a_page_gives_the_same_answer(served: tuple[str, Path]) -> None:
    base, directory = served
    page = httpx.get(f"{base}/v1/interest.html?index=FINNIFTY&cycles=2", timeout=90).text
    line = next(
        html.unescape(code)
        for code in re.findall(r"<code>(.*?)</code>", page)
        if code.startswith("import g6")
    )
    names: dict[str, object] = {}
    setup, _, call = line.partition("; ")
    exec(setup, names)  # noqa: S102 - the line is what is tested
    answer = eval(call.replace(")", f", data_dir={str(directory)!r})"), names)  # noqa: S307
    over_http = httpx.get(f"{base}/v1/interest?index=FINNIFTY&cycles=2", timeout=90).json()
    assert json.loads(answer.to_json()) == over_http["data"]
    assert len(answer.cycles) == 2


def test_the_formulas_for_google_sheets_are_written_as_it_reads_them(
    served: tuple[str, Path],
) -> None:
    base, _ = served
    page = html.unescape(httpx.get(f"{base}/v1/chain.html?index=FINNIFTY", timeout=90).text)
    formulas = re.findall(r"<code>(=.*?)</code>", page)
    assert len(formulas) == 2
    assert re.fullmatch(r'=IMPORTDATA\("http://[^"\s]+\.csv\?[^"\s]+"\)', formulas[0])
    assert re.fullmatch(r'=IMPORTHTML\("http://[^"\s]+\.html\?[^"\s]+", "table", 1\)', formulas[1])
    for formula in formulas:
        address = formula.split('"')[1]
        assert httpx.get(address, timeout=90).status_code == 200
