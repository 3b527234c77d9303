"""The files of the page: vendored ones as they were vetted, and a policy that they obey."""

from __future__ import annotations

import hashlib
import html
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi import FastAPI

from g6.entrypoints.web.page.page_files import (
    PAGE_POLICY,
    PageFacts,
    add_page,
    page_files,
    palette_css,
)
from g6.rendering.pictures.palette import THEMES
from tests.worlds.web.asked_over_http import StudyClient

FOLDER = Path(str(files("g6.entrypoints.web"))) / "static" / "page"
TESTS = Path(__file__).parents[3]
VENDORED = {
    FOLDER
    / "uplot"
    / "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    FOLDER
    / "uplot"
    / "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    TESTS
    / "data"
    / "axe-core"
    / "axe.min.js": "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
}
"""uPlot 1.6.32 and axe-core 4.14.1 as npm has them, by their sha256."""
OWN = sorted(path for path in FOLDER.rglob("*.js") if path.parent.name != "uplot")


@pytest.fixture(scope="module")
def client() -> StudyClient:
    app = FastAPI()
    add_page(app, PageFacts(stream=True, interval=60.0, wall_interval=5.0, indices=("NIFTY",)))
    return StudyClient(app)


@pytest.mark.parametrize("file", VENDORED, ids=lambda path: path.name)
def test_a_vendored_file_is_the_one_that_was_vetted(file: Path) -> None:
    assert hashlib.sha256(file.read_bytes()).hexdigest() == VENDORED[file]
    assert (file.parent / "LICENSE").read_text(encoding="utf-8")


def test_every_file_is_sent_compressed_and_with_the_policy(client: StudyClient) -> None:
    for name, file in page_files().items():
        path = f"/page/{name}"
        answer = client.get(path, {"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-security-policy"] == PAGE_POLICY
        assert answer.content == file.content
        plain = client.get(path, {"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == file.content
        again = client.get(path, {"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


def test_the_page_carries_its_facts_and_names_every_module(client: StudyClient) -> None:
    page = client.get("/").content.decode()
    found = re.search(r'<meta name="g6-facts" content="([^"]*)">', page)
    assert found is not None
    assert json.loads(html.unescape(found[1])) == client.get("/page/facts.json").json()
    preloaded = set(re.findall(r'<link rel="modulepreload" href="/page/\w{12}/([^"]+)">', page))
    scripts = {file.relative_to(FOLDER).as_posix() for file in OWN}
    assert preloaded == scripts - {"start/early.js", "start/theme.js", "kept.js"}


def test_files_of_an_edition_are_kept_for_good_and_the_page_is_not(client: StudyClient) -> None:
    page = client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    paths = re.findall(r'(?:src|href)="(/page/[^"]+)"', page.content.decode())
    assert len(paths) > 20
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "immutable" in answer.headers["cache-control"]
    assert client.get(paths[0].replace("/page/", "/page/0")).status_code == 404


def test_no_file_beside_them_is_served(client: StudyClient) -> None:
    for name in ("LICENSE", "uplot/LICENSE", "../auth.py", "%2e%2e/auth.py", "nothing.js"):
        assert client.get(f"/page/{name}").status_code == 404


def test_the_page_holds_no_script_or_style_of_its_own() -> None:
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
    assert "<style" not in page
    assert not re.search(r"\s(style|on\w+)=", page)
    assert "unsafe" not in PAGE_POLICY


@pytest.mark.parametrize("file", OWN, ids=lambda path: path.name)
def test_scripts_name_no_other_host_and_make_no_markup_of_texts(file: Path) -> None:
    script = file.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"'`]+", script)) <= {"http://www.w3.org/2000/svg"}
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in script


def test_the_palette_is_that_of_the_pictures() -> None:
    css = palette_css()
    for theme in THEMES.values():
        for role, colour in theme.roles.items():
            assert f"--{role}:{colour};" in css


def test_the_page_is_told_who_serves_it(client: StudyClient) -> None:
    facts = client.get("/page/facts.json").json()
    assert facts["indices"] == ["NIFTY"]
    assert (facts["stream"], facts["interval"], facts["wall_interval"]) == (True, 60.0, 5.0)
