"""The lines of the page for systemd name what the units have: directories, units, names of signs of life."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from deploy import unit_files
from deploy.make_secrets import Place
from tests.integration.deploy.deployed import FOLDER, ROOT
from tests.integration.deploy.page_shell import blocks, noted

INSTALL, REDIS, RESTART, UPGRADE, _COMPOSE = blocks("deploy.md")
PROGRAMS = ("useradd", "install", "python3", "ln", "cp", "systemctl", "sudo", "sleep", "apt-get")
EXTRAS = re.compile(r"\.\[([\w,]+)\]")


def told(block: str, base: Path, *more: str) -> list[str]:
    """Run lines with /opt below a directory."""
    lines = noted(block.replace("/opt/", f"{base}/opt/"), base, *PROGRAMS, *more)
    return [line.replace(f"{base}/opt/", "/opt/").replace("../opt/", "/opt/") for line in lines]


def settings_of_units() -> dict[str, str]:
    lines = (FOLDER / "g6.env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_lines_that_install_make_what_the_units_name(tmp_path: Path) -> None:
    lines = told(INSTALL, tmp_path, "../opt/g6-1/bin/pip", "../opt/g6/bin/python")
    assert "python3 -m venv /opt/g6-1" in lines
    assert "ln -sfn g6-1 /opt/g6" in lines
    assert unit_files.PROGRAMS == "/opt/g6/bin"
    image = (FOLDER / "Dockerfile").read_text("utf-8")
    assert {*EXTRAS.findall("\n".join(lines))} == {*EXTRAS.findall(image)}
    where = settings_of_units()["G6_SECRETS_DIR"]
    assert any(f"make_secrets.py /root/g6-secrets --host HOST --at {where}" in one for one in lines)
    assert f"install -m 0644 deploy/g6.env {unit_files.SETTINGS}/g6.env" in lines
    assert lines[-1] == "systemctl enable --now g6.target"


def test_the_lines_for_redis_give_it_files_that_it_finds(tmp_path: Path) -> None:
    lines = told(REDIS, tmp_path)
    (line,) = [line for line in REDIS.splitlines() if line.startswith("sed ")]
    command = line.partition("|")[0]
    text = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    where = "/etc/redis/g6"
    assert f"install -d -o root -g redis -m 0750 {where}" in lines
    assert any(line.startswith("install ") and line.endswith(f"{where}/") for line in lines)
    named = re.findall(rf"{where}/(\S+)", text)
    made = Place(tmp_path / "secrets", ["redis"], 6380, "/run/secrets", "g6").make()
    assert {f"redis/{name}" for name in named} == {
        name for name in (*made, "redis/server.key") if name.startswith("redis/")
    } - {"redis/health_password"}
    assert "/run/secrets" not in text
    assert "\ndir /var/lib/redis\n" in text
    assert lines[-1] == "systemctl restart redis-server"


def test_an_upgrade_leaves_the_directory_of_what_runs_alone(tmp_path: Path) -> None:
    lines = told(UPGRADE, tmp_path, "../opt/g6-2/bin/pip")
    assert lines[-1] == "ln -sfn g6-2 /opt/g6"
    assert not any("/opt/g6-1" in line for line in lines)


def test_every_unit_of_the_target_is_restarted_and_asked_under_the_name_it_signs_with(
    tmp_path: Path,
) -> None:
    lines = told(RESTART, tmp_path)
    restarted = [line.split()[-1] for line in lines if line.startswith("systemctl restart ")]
    target = (FOLDER / "systemd/g6.target").read_text("utf-8")
    assert sorted(f"{unit}.service" for unit in restarted) == sorted(
        re.findall(r"g6-[\w@-]+\.service", target)
    )
    asked = [line.split()[-1] for line in lines if line.startswith("sudo ")]
    assert asked == [sign_of(unit) for unit in restarted]
    assert restarted[-3:-1] == ["g6-beat@1", "g6-beat@2"]


def sign_of(unit: str) -> str:
    """Return the name under which a unit's process signs: of a worker that before its host."""
    name, _, instance = unit.removeprefix("g6-").partition("@")
    if name == "beat":
        text = (FOLDER / "systemd/g6-beat@.service").read_text("utf-8")
        match = re.search(r"^Environment=G6_INSTANCE=(.+)$", text, re.MULTILINE)
        assert match is not None
        return f"beat-{match[1].replace('%i', instance)}"
    if name != "worker":
        return name
    command = (FOLDER / "systemd/g6-worker@.service").read_text("utf-8")
    match = re.search(r"-n (\S+)@%%h", command)
    assert match is not None
    return match[1].replace("%i", instance)
