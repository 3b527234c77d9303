"""The files of deploy/ as readers of each kind understand them. No container was built from them, and no systemd ran them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import unit_files
from deploy.make_secrets import READERS as SECRET_READERS
from deploy.roles import FLOWER_PORT, METRICS_PORT, REDIS_PORT, ROLES, SECRETS, WEB_PORT
from g6.domain.schema.words import QueueName
from g6.entrypoints.machine.children import CHILD_VARIABLES
from tests.integration.deploy.deployed import FOLDER, ROOT, Service, compose_file, services

BIN = Path(sys.executable).parent
SCORE = 1.5
UNITS = sorted((FOLDER / "systemd").glob("*.service"))


def ran(*command: str | Path) -> str:
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_compose_file_is_one_by_the_specification() -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    assert "validation done" in ran(BIN / "check-jsonschema", *schema, FOLDER / "compose.yaml")


def test_the_dockerfile_has_nothing_that_its_linter_warns_of() -> None:
    if not (BIN / "hadolint").exists():
        pytest.skip("hadolint is published for Linux on x86-64 alone")
    assert ran(BIN / "hadolint", FOLDER / "Dockerfile") == ""


def test_the_image_ends_without_pip_and_as_a_user_without_rights() -> None:
    text = (FOLDER / "Dockerfile").read_text("utf-8")
    last = text.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.*)$", last, re.MULTILINE) == ["10001:10001"]
    assert "pip" not in last
    assert "HEALTHCHECK" in last
    copied = re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
    for path in " ".join(copied).split():
        assert path.startswith(("/", ".")) or (ROOT / path).exists(), path


def test_a_build_is_given_what_the_image_copies_and_nothing_else() -> None:
    lines = (FOLDER / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    given = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    text = (FOLDER / "Dockerfile").read_text("utf-8")
    copied = set()
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        copied |= set(line.split()[:-1])
    assert given == copied


def test_every_queue_has_one_service() -> None:
    served = Counter(
        queue
        for service in services().values()
        if "-Q" in service.command
        for queue in service.command[service.command.index("-Q") + 1].split(",")
    )
    assert served == Counter(QueueName)


@pytest.mark.parametrize("service", services().values(), ids=lambda service: service.name)
def test_every_service_is_restricted_and_looked_after(service: Service) -> None:
    facts = service.facts
    assert facts["read_only"] is True
    assert facts["cap_drop"] == ["ALL"]
    assert facts["security_opt"] == ["no-new-privileges:true"]
    assert not facts["user"].startswith("0")
    if service.name == "secrets":
        assert facts["restart"] == "no"
    else:
        assert facts["restart"] == "unless-stopped"
        assert facts["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_what_the_host_shows_is_on_its_loopback_alone() -> None:
    ports = [port for service in services().values() for port in service.facts.get("ports", ())]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_volumes_networks_and_neighbours_are_declared() -> None:
    content = compose_file()
    for service in services().values():
        for mount in service.mounts:
            if mount.is_volume:
                assert mount.source in content["volumes"], service.name
            else:
                assert (FOLDER / mount.source).exists(), mount.source
        for neighbour in service.facts.get("depends_on", {}):
            assert neighbour in content["services"]
    assert {f"secrets-{reader}" for reader in SECRET_READERS} < set(content["volumes"])


def test_each_service_sees_the_secrets_of_its_own_kind_alone() -> None:
    readers = {"redis": "redis", "influxdb": "influx", "prometheus": "watch", "grafana": "watch"}
    for service in services().values():
        seen = {mount.source for mount in service.mounts if mount.target.startswith(SECRETS)}
        if service.name in {role.name for role in ROLES}:
            assert seen == {"secrets-g6"}
        elif service.name in readers:
            assert seen == {f"secrets-{readers[service.name]}"}
        assert all(mount.read_only for mount in service.mounts if mount.target == SECRETS)


def test_workers_of_every_installation_have_the_variables_of_those_of_g6_up() -> None:
    # g6 up may be root's, and a container or a unit is not.
    wanted = {name: text for name, text in CHILD_VARIABLES.items() if name != "C_FORCE_ROOT"}
    lines = (FOLDER / "g6.env").read_text("utf-8").splitlines()
    of_units = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    of_pods = yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text("utf-8"))
    maps = [document["data"] for document in of_pods if document["kind"] == "ConfigMap"]
    assert wanted.items() <= of_units.items()
    assert any(wanted.items() <= variables.items() for variables in maps)
    workers = [service for service in services().values() if "worker" in service.command]
    assert len(workers) > 1
    for service in workers:
        assert wanted.items() <= service.environment.items(), service.name


def test_no_file_of_deploy_holds_a_secret() -> None:
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            text = path.read_text("utf-8")
            assert "BEGIN PRIVATE KEY" not in text
            assert not re.search(r"(?i)(password|token|secret)\s*[:=]\s*[\"'][\w-]{12,}[\"']", text)


def test_redis_speaks_tls_alone_keeps_what_is_in_flight_and_evicts_nothing() -> None:
    lines = (FOLDER / "redis.conf").read_text("utf-8").splitlines()
    words = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    assert (words["port"], words["tls-port"]) == ("0", str(REDIS_PORT))
    assert (words["maxmemory-policy"], words["appendonly"]) == ("noeviction", "yes")
    assert words["aclfile"] == f"{SECRETS}/users.acl"


def test_prometheus_shows_its_token_from_a_file() -> None:
    content: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))
    (job,) = content["scrape_configs"]
    assert job["authorization"] == {"credentials_file": f"{SECRETS}/serve_token"}
    assert job["static_configs"] == [{"targets": [f"serve:{METRICS_PORT}"]}]
    if shutil.which("promtool"):
        ran("promtool", "check", "config", "--syntax-only", FOLDER / "prometheus.yml")


def test_the_pages_that_are_shown_are_those_that_g6_listens_on() -> None:
    shown = services()
    assert shown["serve"].facts["ports"] == [f"127.0.0.1:{WEB_PORT}:{WEB_PORT}"]
    assert shown["flower"].facts["ports"] == [f"127.0.0.1:{FLOWER_PORT}:{FLOWER_PORT}"]


def test_grafana_finds_its_sources_dashboards_and_home() -> None:
    sources: dict[str, Any] = yaml.safe_load((FOLDER / "grafana-sources.yaml").read_text("utf-8"))
    assert [source["type"] for source in sources["datasources"]] == ["prometheus", "influxdb"]
    boards: dict[str, Any] = yaml.safe_load((FOLDER / "grafana-dashboards.yaml").read_text("utf-8"))
    where = boards["providers"][0]["options"]["path"]
    mounts = {mount.target: mount.source for mount in services()["grafana"].mounts}
    home = services()["grafana"].environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith(f"{where}/")
    assert (FOLDER / mounts[where] / Path(home).name).is_file()


@pytest.mark.services
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_gives_up_what_systemd_scores(unit: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: make test-services")
    said = ran("systemd-analyze", "security", "--offline=true", unit)
    score = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert score is not None
    assert float(score[1]) <= SCORE


@pytest.mark.services
def test_systemd_finds_nothing_wrong_in_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: make test-services")
    instances = []
    for unit in UNITS:
        instance = tmp_path / unit.name.replace("@", "@collect")
        text = unit.read_text("utf-8").replace(unit_files.PROGRAMS, str(BIN))
        instance.write_text(text, "utf-8")
        instances.append(instance)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *instances],
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "g6" in line]
    assert ours == []


def test_the_target_starts_a_worker_for_every_queue_and_two_beats() -> None:
    text = (FOLDER / "systemd/g6.target").read_text("utf-8")
    for queue in QueueName:
        assert f"g6-worker@{queue}.service" in text
    assert "g6-beat@1.service g6-beat@2.service" in text


def test_only_units_that_write_rows_may_write() -> None:
    for unit in unit_files.units():
        text = (FOLDER / f"systemd/{unit.name}.service").read_text("utf-8")
        assert ("ReadWritePaths=/var/lib/g6" in text) == (unit.rows == "write")
