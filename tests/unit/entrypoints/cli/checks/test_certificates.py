"""Certificates of compacted days: what they say, their versions, and every damage that contradicts them."""

from __future__ import annotations

import json
import runpy
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import g6 as package
from g6.adapters.data_dir.certificate_files import CertificateFiles
from g6.bootstrap.stored_files.directory_certificates import (
    DirectoryCertificates,
    issue_certificates,
)
from g6.config import load
from g6.domain.documents.certificates import CertifiedContents
from g6.entrypoints.cli import main
from g6.errors import UserError
from g6.pipeline.maintenance.certifying import certify
from tests.unit.entrypoints.cli.conftest import Run
from tests.worlds.web.asked_over_http import client_of

FIRST, DAY = "2026-11-17", "2026-11-18"
NIFTY = f"chain/underlying=NIFTY/date={DAY}/day.parquet"
OTHER = f"chain/underlying=MIDCPNIFTY/date={DAY}/day.parquet"
OVERVIEW = f"overview/date={DAY}/day.parquet"
LISTING = f"instruments/date={FIRST}/NFO.parquet"
BEFORE = f"certificates/date={FIRST}/v1.json"
SECOND = f"certificates/date={FIRST}/v2.json"
LAST = f"certificates/date={DAY}/v1.json"
NEWEST = "certificates/newest.json"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days with certificates, of which the first was changed and has two versions."""
    root = Path(__file__).parents[5]
    directory = Path(
        shutil.copytree(root / "tests/data/store", tmp_path_factory.mktemp("certified") / "rows")
    )
    assert main(["data", "compact", "--data-dir", str(directory)]) == 0
    changed_value(directory / f"chain/underlying=NIFTY/date={FIRST}/day.parquet")
    again = ["data", "compact", "--date", FIRST, "--certify", "--data-dir", str(directory)]
    assert main(again) == 0
    return directory


@pytest.fixture
def directory(certified: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(certified, tmp_path / "rows"))


def changed_value(path: Path) -> None:
    """Write a file again, whole and readable, with one figure that is another."""
    table = pq.read_table(path, partitioning=None)
    place = table.column_names.index("vix")
    vix = pc.add(table.column("vix"), pa.scalar(0.05))
    pq.write_table(table.set_column(place, table.schema.field("vix"), vix), path)


def without_last_row(path: Path) -> None:
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.slice(0, table.num_rows - 1), path)


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def removed(path: Path) -> None:
    path.unlink()


def taken_from_the_day_before(path: Path) -> None:
    shutil.copy(str(path).replace(DAY, FIRST), path)


def rewritten_as_it_is(path: Path) -> None:
    pq.write_table(pq.read_table(path, partitioning=None), path, compression="gzip")


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return edit


def covering_more(document: dict[str, Any]) -> None:
    document["coverage"]["NIFTY"]["share"] = 1.0


def without_gaps(document: dict[str, Any]) -> None:
    document["gaps"] = []


def of_another_source(document: dict[str, Any]) -> None:
    document["sources"]["NIFTY"] = {"stream": 1}


def of_another_digest(document: dict[str, Any]) -> None:
    document["files"][0]["sha256"] = "0" * 64


def with_more_rows(document: dict[str, Any]) -> None:
    document["files"][0]["rows"] += 1


def without_a_file(document: dict[str, Any]) -> None:
    del document["files"][0]


def with_another_root(document: dict[str, Any]) -> None:
    document["merkle_root"] = "0" * 64


def without_previous(document: dict[str, Any]) -> None:
    document["previous"] = None


def with_a_signature_of_nobody(document: dict[str, Any]) -> None:
    document["signature"] = {"algorithm": "ed25519", "public_key": "00" * 32, "value": "00" * 64}


def with_a_weak_key(document: dict[str, Any]) -> None:
    """Sign with what holds for any text: the neutral point as key and as commitment, and zero."""
    neutral = "01" + " 00" * 31
    signature = {"algorithm": "ed25519", "public_key": neutral, "value": neutral + "00" * 32}
    document["signature"] = signature


def with_another_newest_root(document: dict[str, Any]) -> None:
    document["days"][-1]["root"] = "0" * 64


def with_something_else_in_it(document: dict[str, Any]) -> None:
    document["remark"] = "trust me"


DAMAGES = [
    (NIFTY, changed_value),
    (NIFTY, without_last_row),
    (NIFTY, flipped),
    (NIFTY, truncated),
    (NIFTY, lengthened),
    (NIFTY, emptied),
    (NIFTY, removed),
    (NIFTY, taken_from_the_day_before),
    (OTHER, rewritten_as_it_is),
    (OVERVIEW, changed_value),
    (OVERVIEW, removed),
    (LISTING, flipped),
    (LISTING, removed),
    (LAST, edited(covering_more)),
    (LAST, edited(without_gaps)),
    (LAST, edited(of_another_source)),
    (LAST, edited(of_another_digest)),
    (LAST, edited(with_more_rows)),
    (LAST, edited(without_a_file)),
    (LAST, edited(with_another_root)),
    (LAST, edited(without_previous)),
    (LAST, edited(with_a_signature_of_nobody)),
    (LAST, edited(with_a_weak_key)),
    (LAST, edited(with_something_else_in_it)),
    (LAST, emptied),
    (BEFORE, removed),
    (BEFORE, edited(covering_more)),
    (SECOND, truncated),
    (SECOND, removed),
    (LAST, removed),
    (NEWEST, emptied),
    (NEWEST, edited(with_another_newest_root)),
    (NEWEST, edited(with_a_signature_of_nobody)),
    (NEWEST, edited(with_a_weak_key)),
]


@pytest.fixture(scope="module")
def script(certified: Path) -> Callable[[Path], list[str]]:
    module = runpy.run_path(str(Path(__file__).parents[5] / "docs/check_certificate.py"))
    check: Callable[[Path], list[str]] = module["check"]
    return check


def test_without_damage_the_check_and_the_script_find_nothing(
    g6: Run, directory: Path, script: Callable[[Path], list[str]]
) -> None:
    answer = g6("data", "check", "--json", "--data-dir", str(directory))
    assert (answer.code, json.loads(answer.out)["count"]) == (0, 0)
    assert script(directory) == []
    assert g6("certificate", DAY, "--verify", "--data-dir", str(directory)).code == 0


@pytest.mark.parametrize(("file", "damage"), DAMAGES)
def test_the_check_and_the_script_find_each_damage(
    g6: Run,
    directory: Path,
    script: Callable[[Path], list[str]],
    file: str,
    damage: Callable[[Path], None],
) -> None:
    damage(directory / file)
    answer = g6("data", "check", "--json", "--data-dir", str(directory))
    assert answer.code == 1, answer
    assert json.loads(answer.out)["findings"]
    assert script(directory)
    if file.startswith("certificates"):
        assert g6("certificate", "--verify", "--data-dir", str(directory)).code != 0


def test_a_day_whose_certificates_are_all_gone_is_named_until_they_are_back(
    g6: Run, directory: Path, tmp_path: Path, script: Callable[[Path], list[str]]
) -> None:
    where = ("--data-dir", str(directory))
    assert g6("backup", str(tmp_path / "backup"), *where).code == 0
    shutil.rmtree((directory / LAST).parent)
    assert len(script(directory)) == 1
    found = json.loads(g6("data", "check", "--json", *where).out)["findings"]
    assert [finding["path"] for finding in found] == [str(directory / LAST)]
    assert found[0]["what"].startswith("was issued (root ")
    # The newest that is there is that of the day before.
    assert g6("certificate", "--verify", *where).code == 1
    answer = g6("certificate", DAY, "--verify", *where)
    assert (answer.code, "was issued (root " in answer.err) == (3, True)
    assert f"g6 restore BACKUP --date {DAY}" in answer.err
    # Nothing takes its place on the way.
    answer = g6("data", "compact", *where)
    assert (answer.code, "not certified" in answer.out) == (1, True)
    assert not (directory / LAST).exists()
    assert g6("restore", str(tmp_path / "backup"), "--date", DAY, *where).code == 0
    assert g6("data", "check", *where).code == 0
    assert script(directory) == []
    # Who has no copy says so.
    (directory / LAST).unlink()
    assert g6("data", "compact", "--date", DAY, "--certify", *where).code == 0
    assert (directory / LAST).exists()
    assert g6("data", "check", *where).code == 0
    assert script(directory) == []


def test_a_directory_that_an_earlier_version_certified_is_whole_and_gets_its_list(
    g6: Run, directory: Path, script: Callable[[Path], list[str]]
) -> None:
    written = (directory / NEWEST).read_bytes()
    (directory / NEWEST).unlink()
    where = ("--data-dir", str(directory))
    assert g6("data", "check", *where).code == 0
    assert script(directory) == []
    assert g6("data", "compact", *where).code == 0
    assert (directory / NEWEST).read_bytes() == written


def test_the_script_says_where_there_is_no_certificate(
    tmp_path: Path, script: Callable[[Path], list[str]]
) -> None:
    assert script(tmp_path) == [f"{tmp_path}: has no certificate of any day"]
    # A folder of notes alone certifies nothing.
    (tmp_path / "certificates/date=2026-11-18").mkdir(parents=True)
    assert script(tmp_path) == [f"{tmp_path}: has no certificate of any day"]


def test_a_certificate_says_what_the_day_holds_and_lacks(g6: Run, directory: Path) -> None:
    told = json.loads(g6("certificate", DAY, "--json", "--data-dir", str(directory)).out)
    assert told["coverage"]["NIFTY"] | {"share": 0} == {
        "due": 386, "ok": 2, "partial": 0, "missing": 0, "skipped": 0, "no_row": 384,
        "repaired": 0, "no_chain": 0, "share": 0,
    }  # fmt: skip
    gaps = json.loads(
        g6("data", "gaps", "--from", DAY, "--to", DAY, "--json", "--data-dir", str(directory)).out
    )
    assert told["gaps"] == gaps
    assert list(told["sources"]["NIFTY"]) == ["sim"]
    assert [(file["path"], file["rows"]) for file in told["files"]] == [
        (OTHER, 654),
        (NIFTY, 688),
        (f"instruments/date={DAY}/NFO.parquet", 2470),
        (OVERVIEW, 4),
    ]


def test_what_is_noted_while_a_certificate_is_made_belongs_to_the_next(directory: Path) -> None:
    class Rewritten(DirectoryCertificates):
        """A directory whose overview is rewritten while the day is certified."""

        def contents(self, day: date) -> CertifiedContents:
            self.mark(day, "overview")
            return super().contents(day)

    store = Rewritten(load("", {"demo_dir": directory}, {}))
    day = date.fromisoformat(DAY)
    store.mark(day, "NIFTY")
    changed_value(directory / NIFTY)
    assert certify(store, day, f"{DAY}T12:00:00Z")
    assert set(store.marks(day)) == {"overview"}


def test_a_certificate_is_answered_over_http_without_reading_the_files(directory: Path) -> None:
    client = client_of(directory)
    answer = client.get(f"/v1/certificate?day={DAY}")
    assert answer.json()["data"] == json.loads((directory / LAST).read_text())
    earlier = client.get(f"/v1/certificate?day={FIRST}&version=1").json()["data"]
    assert earlier == json.loads((directory / BEFORE).read_text())
    lines = client.get(f"/v1/certificate.csv?day={DAY}").text.splitlines()
    assert {"index", "due", "ok", "share"} <= set(lines[0].split(","))
    assert client.get("/v1/certificate?verify=true").status_code == 422
    assert client.get("/v1/certificate?day=2026-11-19").status_code == 404
    (directory / LAST).write_text("{}")
    assert client.get(f"/v1/certificate?day={DAY}").status_code < 500


def test_a_changed_day_has_a_new_version_and_later_days_keep_the_old_one(
    g6: Run, directory: Path
) -> None:
    first = json.loads((directory / BEFORE).read_text())
    second = json.loads((directory / SECOND).read_text())
    last = json.loads((directory / LAST).read_text())
    link = {"day": FIRST, "version": 1, "root": first["merkle_root"]}
    assert (second["version"], second["replaces"], last["previous"]) == (2, link, link)
    shown = g6("certificate", FIRST, "--data-dir", str(directory)).out
    assert f"replaces v1, root {first['merkle_root']}" in shown
    earlier = g6("certificate", FIRST, "--version", "1", "--json", "--data-dir", str(directory))
    assert json.loads(earlier.out) == first


def test_compacting_again_issues_nothing(g6: Run, directory: Path) -> None:
    before = sorted(directory.rglob("v*.json"))
    assert g6("data", "compact", "--data-dir", str(directory)).code == 0
    assert sorted(directory.rglob("v*.json")) == before


def test_what_was_changed_by_other_means_is_not_certified_on_the_way(
    g6: Run, directory: Path
) -> None:
    changed_value(directory / OTHER)
    shutil.copy(
        Path(__file__).parents[5] / f"tests/data/store/chain/underlying=NIFTY/date={DAY}/053000Z.parquet",
        directory / NIFTY.replace("day.parquet", "053000Z.parquet"),
    )  # fmt: skip
    assert g6("data", "compact", "--data-dir", str(directory)).code == 0
    answer = g6("data", "check", "--date", DAY, "--json", "--data-dir", str(directory))
    paths = [finding["path"] for finding in json.loads(answer.out)["findings"]]
    assert paths == [f"{directory}/{OTHER}"]


def test_pruned_rows_leave_a_version_that_says_so(g6: Run, directory: Path) -> None:
    pruned = g6(
        "retention", "apply", "--before", DAY, "--kinds", "chain", "--yes",
        "--data-dir", str(directory),
    )  # fmt: skip
    assert pruned.code == 0, pruned.err
    told = json.loads(g6("certificate", FIRST, "--json", "--data-dir", str(directory)).out)
    assert told["version"] == 3
    assert not [file for file in told["files"] if file["path"].startswith("chain/")]
    assert told["coverage"]["NIFTY"]["no_chain"] == 3
    # What was deleted on purpose is no damage, and what is gone otherwise still is.
    assert g6("data", "check", "--data-dir", str(directory)).code == 0
    (directory / NIFTY).unlink()
    answer = g6("data", "check", "--json", "--data-dir", str(directory))
    kinds = {finding["kind"] for finding in json.loads(answer.out)["findings"]}
    assert (answer.code, {"certificate", "unmatched"} <= kinds) == (1, True)


def signing_with(key: Path) -> str:
    """Make a key, and return the option that signs with it."""
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return f"--set=storage.certificate_key={key}"


def without_signature(document: dict[str, Any]) -> None:
    document["signature"] = None


def without_the_last_day(document: dict[str, Any]) -> None:
    del document["days"][-1]


def test_a_list_that_somebody_changed_is_not_signed_again(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    mine = signing_with(tmp_path / "mine.pem")
    certify = ("data", "compact", "--certify", "--data-dir", str(directory), mine, "--date")
    for day in (FIRST, DAY):
        assert g6(*certify, day).code == 0
    written = (directory / NEWEST).read_bytes()
    for change in (without_signature, without_the_last_day):
        edited(change)(directory / NEWEST)
        changed = (directory / NEWEST).read_bytes()
        for words in (("data", "compact", "--data-dir", str(directory), mine), (*certify, FIRST)):
            answer = g6(*words)
            assert (answer.code != 0, NEWEST in answer.out + answer.err) == (True, True), answer
            assert (directory / NEWEST).read_bytes() == changed
        (directory / NEWEST).write_bytes(written)
    assert g6(*certify, FIRST).code == 0
    assert (directory / NEWEST).read_bytes() == written


def test_a_key_signs_and_another_key_is_told(
    g6: Run, directory: Path, tmp_path: Path, script: Callable[[Path], list[str]]
) -> None:
    mine, other = ([signing_with(tmp_path / name)] for name in ("mine.pem", "other.pem"))
    certify = ("data", "compact", "--date", DAY, "--certify", "--data-dir", str(directory))
    changed_value(directory / NIFTY)
    assert g6(*certify, *mine).code == 0
    verify = ("certificate", DAY, "--verify", "--data-dir", str(directory))
    assert "signed by " in g6(*verify, *mine).out
    answer = g6(*verify, *other)
    assert (answer.code, "signed by another key" in answer.out) == (1, True)
    # Without its signature the certificate is as true as before, and anybody may have issued it.
    newest = directory / f"certificates/date={DAY}/v2.json"
    edited(without_signature)(newest)
    for words in (verify, ("data", "check", "--date", DAY, "--data-dir", str(directory))):
        assert g6(*words).code == 0
        answer = g6(*words, *mine)
        assert (answer.code, "is not signed" in answer.out) == (1, True), answer.out
        assert f"g6 data compact --date {DAY} --certify" in answer.out
    assert g6(*certify, *mine).code == 0
    assert "signed by " in g6(*verify, *mine).out
    # The list of newest certificates is signed as well, and missed where certificates are signed.
    edited(without_signature)(directory / NEWEST)
    for _ in range(2):
        for words in (verify, ("data", "check", "--date", DAY, "--data-dir", str(directory))):
            answer = g6(*words)
            assert (answer.code, "newest.json" in answer.out) == (1, True), answer.out
        assert any("newest.json" in line for line in script(directory))
        (directory / NEWEST).unlink(missing_ok=True)
    assert g6("data", "compact", "--data-dir", str(directory), *mine).code == 0
    assert script(directory) == []
    # The list that was made anew is told until somebody has looked at it.
    answer = g6(*verify, *mine)
    assert (answer.code, "newest.made-anew" in answer.out) == (1, True)
    (directory / "certificates/newest.made-anew").unlink()
    assert g6(*verify, *mine).code == 0


def test_a_missing_list_is_made_anew_with_a_word_where_certificates_are_signed(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    mine = signing_with(tmp_path / "mine.pem")
    where = ("--data-dir", str(directory))
    compact = ("data", "compact", *where)
    # A list that an earlier version did not keep is written without a word where nothing is signed.
    (directory / NEWEST).unlink()
    signed = [(*compact, "--certify", "--date", day, mine) for day in (FIRST, DAY)]
    for words in (compact, *signed):
        answer = g6(*words)
        assert (answer.code, "was not there" in answer.out) == (0, False), answer.out
    assert g6("data", "check", *where, mine).code == 0
    (directory / NEWEST).unlink()
    answer = g6(*compact, mine)
    assert (answer.code, "newest certificates was not there" in answer.out) == (0, True), answer
    noted = directory / "certificates/newest.made-anew"
    for _ in range(2):
        assert "was not there" not in g6(*compact, mine).out
        checked = g6("data", "check", *where, mine)
        assert (checked.code, f"rm {noted}" in checked.out) == (1, True), checked.out
    noted.unlink()
    assert g6("data", "check", *where, mine).code == 0


def test_a_list_that_is_missing_when_a_day_is_computed_again_is_noted_too(
    g6: Run, directory: Path, tmp_path: Path
) -> None:
    mine = signing_with(tmp_path / "mine.pem")
    where = ("--data-dir", str(directory), mine)
    assert g6("data", "compact", "--certify", "--date", DAY, *where).code == 0
    (directory / NEWEST).unlink()
    settings = load(
        "", {"demo_dir": directory, "storage.certificate_key": tmp_path / "mine.pem"}, {}
    )
    issue_certificates(settings, [date.fromisoformat(FIRST)])
    assert (directory / NEWEST).is_file()
    assert (directory / "certificates/newest.made-anew").is_file()


def test_loaded_rows_carry_their_certificates_and_less_than_is_wanted_is_refused(
    directory: Path,
) -> None:
    rows = package.load("NIFTY", (FIRST, DAY), engine="pandas", data_dir=directory)
    second, last = (json.loads((directory / name).read_text()) for name in (SECOND, LAST))
    assert rows.attrs["certificates"] == [
        {
            "day": told["day"],
            "version": told["version"],
            "root": told["merkle_root"],
            "coverage": {"NIFTY": told["coverage"]["NIFTY"]["share"]},
        }
        for told in (second, last)
    ]
    asked = package.ask.chain("NIFTY", data_dir=directory).to_pandas()
    assert asked.attrs == {"certificate": f"{DAY} v1 {last['merkle_root']}"}
    package.load("NIFTY", DAY, min_coverage=2 / 386 - 1e-6, data_dir=directory)
    with pytest.raises(UserError, match=r"NIFTY of 2026-11-18 is covered to 0.52%, less than 99"):
        package.load("NIFTY", DAY, min_coverage=0.99, data_dir=directory)
    shutil.rmtree(directory / f"certificates/date={DAY}")
    with pytest.raises(UserError, match="has no certificate"):
        package.load("NIFTY", DAY, min_coverage=0, data_dir=directory)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow", ".ndjson", ".xlsx"])
def test_exported_rows_carry_the_certificate_of_their_day(
    directory: Path, tmp_path: Path, suffix: str
) -> None:
    out = package.export(
        "NIFTY", tmp_path / f"rows{suffix}", (FIRST, DAY), columns=["ce_iv"], data_dir=directory
    )
    root = json.loads((directory / LAST).read_text())["merkle_root"]
    if suffix == ".xlsx":
        book = pytest.importorskip("openpyxl").load_workbook(out, read_only=True)
        rows = list(book["rows"].iter_rows(values_only=True))
        assert (rows[0][-1], rows[-1][-1]) == ("certificate", f"v1 {root[:16]}")
        assert root in dict(book["about"].iter_rows(values_only=True))["certificates"]
        return
    lines = out.read_bytes().splitlines() if suffix in {".csv", ".ndjson"} else []
    if lines:
        assert f"v1 {root[:16]}".encode() in lines[-1]
        return
    table = pq.read_table(out) if suffix == ".parquet" else pa.ipc.open_file(out).read_all()
    assert table.column("certificate").to_pylist()[-1] == f"v1 {root[:16]}"
    assert root in table.schema.metadata[b"g6.certificates"].decode()


def test_names_for_headers_are_of_the_newest_version(directory: Path) -> None:
    files = CertificateFiles(directory)
    root = json.loads((directory / SECOND).read_text())["merkle_root"]
    day = json.loads((directory / SECOND).read_text())["day"]
    assert files.newest_name(files.days()[0]) == f"{day} v2 {root}"
    assert not files.newest_name(files.days()[0].replace(year=2025))


def test_a_day_without_one_says_what_makes_it(g6: Run, directory: Path) -> None:
    answer = g6("certificate", "2026-11-19", "--data-dir", str(directory))
    assert (answer.code, answer.out) == (3, "")
    assert f"the first day that has one is {FIRST}, the last {DAY}" in answer.err
    assert "g6 data compact --date 2026-11-19" in answer.err
