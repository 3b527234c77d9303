"""Kubernetes' manifests run what the compose file runs, as its users and under its restrictions. No cluster ran them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.roles import ROLES, SECRETS, STOP_SECONDS, USER, Rows
from tests.integration.deploy.deployed import FOLDER, ROOT, Service, services
from tests.integration.deploy.page_shell import blocks, noted

PAGE = "kubernetes.md"
RUNS = {name: service for name, service in services().items() if name != "secrets"}
DOCUMENTS: list[dict[str, Any]] = list(
    yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text("utf-8"))
)


@dataclass(frozen=True, slots=True)
class Running:
    """A container with the pod and the deployment around it."""

    container: dict[str, Any]
    pod: dict[str, Any]
    deployment: dict[str, Any]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """Return the manifests of a kind by name."""
    found = [document for document in DOCUMENTS if document["kind"] == kind]
    return {document["metadata"]["name"]: document for document in found}


def containers() -> Iterator[tuple[str, Running]]:
    for deployment in of_kind("Deployment").values():
        pod = deployment["spec"]["template"]["spec"]
        for container in pod["containers"]:
            yield container["name"], Running(container, pod, deployment)


CONTAINERS = dict(containers())


def environment_of(container: dict[str, Any]) -> dict[str, str]:
    variables = {pair["name"]: pair["value"] for pair in container.get("env", ())}
    for source in container.get("envFrom", ()):
        reference = source["configMapRef"]
        if not reference.get("optional"):
            variables |= of_kind("ConfigMap")[reference["name"]]["data"]
    return variables


def test_each_service_is_one_container() -> None:
    assert CONTAINERS.keys() == RUNS.keys()
    assert len(CONTAINERS) == sum(
        len(each["spec"]["template"]["spec"]["containers"])
        for each in of_kind("Deployment").values()
    )


@pytest.mark.parametrize("service", RUNS.values(), ids=lambda service: service.name)
def test_a_container_runs_what_its_service_runs(service: Service) -> None:
    running = CONTAINERS[service.name]
    container = running.container
    assert container["image"] == service.facts["image"]
    # The arguments of a container take the place of its image's CMD, as the command of a service.
    assert container.get("args", []) == service.command
    assert "command" not in container
    assert environment_of(container) == service.environment
    probe = container["readinessProbe"]
    assert probe["exec"]["command"] == service.check
    health = service.facts["healthcheck"]
    assert f"{probe['periodSeconds']}s" == health["interval"]
    assert f"{probe['timeoutSeconds']}s" == health["timeout"]
    assert probe["failureThreshold"] == health["retries"]
    assert not {"livenessProbe", "startupProbe"} & container.keys()


@pytest.mark.parametrize("service", RUNS.values(), ids=lambda service: service.name)
def test_a_container_is_as_restricted_as_its_service_and_as_the_standard_asks(
    service: Service,
) -> None:
    running = CONTAINERS[service.name]
    mine, pods = running.container["securityContext"], running.pod["securityContext"]
    assert f"{mine['runAsUser']}:{mine['runAsGroup']}" == service.facts["user"]
    assert mine["readOnlyRootFilesystem"] is service.facts["read_only"]
    assert mine["allowPrivilegeEscalation"] is False
    assert mine["capabilities"] == {"drop": service.facts["cap_drop"]}
    assert pods["runAsNonRoot"] is True
    assert pods["seccompProfile"] == {"type": "RuntimeDefault"}
    joined = service.facts.get("group_add", [str(USER)])
    assert joined == [str(pods["fsGroup"])]
    assert running.pod["automountServiceAccountToken"] is False
    assert running.pod["enableServiceLinks"] is False
    assert running.pod["terminationGracePeriodSeconds"] == STOP_SECONDS
    allowed = {"configMap", "secret", "persistentVolumeClaim", "emptyDir"}
    kinds = {kind for volume in running.pod["volumes"] for kind in volume.keys() - {"name"}}
    assert kinds <= allowed


@pytest.mark.parametrize("service", RUNS.values(), ids=lambda service: service.name)
def test_a_container_sees_the_volumes_and_files_of_its_service(service: Service) -> None:
    running = CONTAINERS[service.name]
    sources = {volume["name"]: volume for volume in running.pod["volumes"]}
    seen = {mount["mountPath"]: mount for mount in running.container["volumeMounts"]}
    temporary = service.facts.get("tmpfs", [])
    assert seen.keys() == {mount.target for mount in service.mounts} | set(temporary)
    for path in temporary:
        assert "emptyDir" in sources[seen[path]["name"]]
    for mount in service.mounts:
        its = seen[mount.target]
        source = sources[its["name"]]
        assert its.get("readOnly", False) is mount.read_only
        if mount.target == SECRETS:
            assert source["secret"]["secretName"] == mount.source
        elif mount.is_volume:
            assert source["persistentVolumeClaim"]["claimName"] == mount.source
            assert mount.source in of_kind("PersistentVolumeClaim")
        else:
            path = FOLDER / mount.source
            assert its.get("subPath", "") == ("" if path.is_dir() else path.name)
            assert "configMap" in source


def test_what_shares_a_loopback_shares_a_pod() -> None:
    for name, service in RUNS.items():
        pod = service.facts.get("network_mode", name).removeprefix("service:")
        assert CONTAINERS[name].deployment["metadata"]["name"] == pod


def test_of_those_that_write_rows_the_old_pod_ends_first_and_of_others_the_new_one_begins_first() -> (
    None
):
    for role in ROLES:
        strategy = CONTAINERS[role.name].deployment["spec"]["strategy"]
        if role.rows is Rows.WRITE:
            assert strategy == {"type": "Recreate"}
        else:
            assert strategy == {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        replicas = CONTAINERS[role.name].deployment["spec"]["replicas"]
        assert replicas == (0 if role.profile else 1)


def test_names_that_processes_are_told_are_services_and_select_a_pod() -> None:
    told = {"redis", "serve", "influxdb"}
    every = of_kind("Service")
    assert told <= every.keys()
    deployments = of_kind("Deployment")
    for name, document in every.items():
        labels = deployments[name]["spec"]["template"]["metadata"]["labels"]
        assert document["spec"]["selector"].items() <= labels.items()
    listening = {role.name: role.port for role in ROLES if role.port}
    for name, port in listening.items():
        assert port in {each["port"] for each in every[name]["spec"]["ports"]}


def test_the_commands_of_the_page_make_whatever_the_manifests_mount(tmp_path: Path) -> None:
    calls = noted(blocks(PAGE)[0], tmp_path, "kubectl", "docker", "python")
    created = [line.split("create ", 1)[1].split() for line in calls if " create " in line]
    secrets = {words[2] for words in created if words[0] == "secret"}
    maps = {words[1]: words[2].removeprefix("--from-file=") for words in created if words[0] == "configmap"}  # fmt: skip
    mounted = [volume for each in CONTAINERS.values() for volume in each.pod["volumes"]]
    assert secrets == {volume["secret"]["secretName"] for volume in mounted if "secret" in volume}
    assert maps.keys() == {
        volume["configMap"]["name"] for volume in mounted if "configMap" in volume
    }
    files = {
        mount.source for service in RUNS.values() for mount in service.mounts if not mount.is_volume
    }
    assert {(ROOT / path).resolve() for path in maps.values()} == {
        (FOLDER / path).resolve() for path in files
    }
    applied = list(yaml.safe_load_all((tmp_path / "applied.yaml").read_text("utf-8")))
    images = {
        container["image"]
        for each in applied
        if each["kind"] == "Deployment"
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    assert "g6:local" not in images
    assert "registry.example.org/g6:1" in images
    assert len(applied) == len(DOCUMENTS)


def test_an_upgrade_reaches_every_process_of_g6_that_always_runs(tmp_path: Path) -> None:
    calls = noted(blocks(PAGE)[1], tmp_path, "kubectl")
    image = "registry.example.org/g6:2"
    changed = [line.split() for line in calls if " set image " in line]
    assert {words[-1] for words in changed} == {
        f"{role.name}={image}" for role in ROLES if not role.profile
    }
    waited = [line for line in calls if " rollout status " in line]
    assert len(waited) == len(changed)
