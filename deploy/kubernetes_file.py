"""Writes `deploy/kubernetes.yaml` from the compose file and the table of roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from deploy.compose_file import GRAFANA_PORT, NOTE, compose, environment
from deploy.roles import (
    FLOWER_PORT,
    INFLUX_PORT,
    METRICS_PORT,
    REDIS_PORT,
    ROLES,
    STOP_SECONDS,
    USER,
    WEB_PORT,
    Rows,
)

HEAD = """# G6 and what stands around it, as deploy/compose.yaml has it. Secrets, files and
# the image come before: docs/how-to/kubernetes.md.
"""
SETTINGS = "settings"
"""The map of every process's variables."""
OWN = "own"
"""The map of a person's own variables, which may be missing: g6.env of the compose file."""
PORTS = {
    "redis": (REDIS_PORT,),
    "serve": (WEB_PORT, METRICS_PORT),
    "flower": (FLOWER_PORT,),
    "influxdb": (INFLUX_PORT,),
    "prometheus": (GRAFANA_PORT,),
}
"""What the cluster reaches. Of the pod `prometheus` that is Grafana, which asks for a password."""
SIZES = {"rows": "50Gi", "redis": "4Gi", "influx-data": "20Gi", "series": "10Gi"}
"""Of the claims that grow."""
SMALL = "1Gi"
SHARED = "rows"
"""The claim that pods of several nodes mount."""
ONE_AT_A_TIME = {role.name for role in ROLES if role.rows is Rows.WRITE}
"""Roles of which no second one may run while the first still does."""

Node = dict[str, object]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One service of the compose file, as far as Kubernetes is told of it.

    Attributes:
        name: Of the service.
        document: Its lines of the compose file.
    """

    name: str
    document: Mapping[str, Any]

    @property
    def is_ours(self) -> bool:
        """Whether G6 runs in it."""
        return self.name in {role.name for role in ROLES}

    @property
    def pod(self) -> str:
        """The pod it belongs to: that of the service whose network it shares."""
        return str(self.document.get("network_mode", self.name)).removeprefix("service:")

    @property
    def volumes(self) -> list[Volume]:
        """What it mounts."""
        return [Volume.parse(text) for text in self.document["volumes"]]

    def container(self) -> Node:
        """Return its container."""
        user, _, group = str(self.document["user"]).partition(":")
        content: Node = {
            "name": self.name,
            "image": self.document["image"],
            "securityContext": {
                "runAsUser": int(user),
                "runAsGroup": int(group),
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
            "readinessProbe": self._probe(),
            "volumeMounts": [volume.mounted() for volume in self.volumes],
        }
        if "command" in self.document:
            content["args"] = self.document["command"]
        if self.is_ours:
            maps: list[Node] = [{"name": OWN, "optional": True}, {"name": SETTINGS}]
            content["envFrom"] = [{"configMapRef": each} for each in maps]
            every = environment()
            own = {k: v for k, v in self.document["environment"].items() if k not in every}
            if own:
                content["env"] = [{"name": name, "value": value} for name, value in own.items()]
        elif "environment" in self.document:
            pairs = self.document["environment"].items()
            content["env"] = [{"name": name, "value": value} for name, value in pairs]
        if "tmpfs" in self.document:
            content["volumeMounts"] = [
                *(volume.mounted() for volume in self.volumes),
                {"name": f"{self.name}-tmp", "mountPath": "/tmp"},  # noqa: S108 - of a container
            ]
        return content

    def sources(self) -> Iterator[Node]:
        """Yield the volumes of its pod that it needs."""
        for volume in self.volumes:
            yield volume.source()
        if "tmpfs" in self.document:
            yield {"name": f"{self.name}-tmp", "emptyDir": {"medium": "Memory"}}

    def _probe(self) -> Node:
        # A liveness probe would end every worker of a cluster whose Redis is away.
        check = self.document["healthcheck"]
        kind, *words = [word.replace("$$", "$") for word in check["test"]]
        return {
            "exec": {"command": ["sh", "-c", *words] if kind == "CMD-SHELL" else words},
            "periodSeconds": int(str(check["interval"]).rstrip("s")),
            "timeoutSeconds": int(str(check["timeout"]).rstrip("s")),
            "failureThreshold": check["retries"],
        }


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume, secrets or a file of the checkout, and where a container sees it.

    Attributes:
        where: The volume's name, or the path of a file or directory from deploy/.
        target: Where it is seen.
        is_read_only: Whether the container may not write it.
    """

    where: PurePosixPath
    target: str
    is_read_only: bool

    @classmethod
    def parse(cls, text: str) -> Volume:
        """Read a line of the compose file.

        >>> Volume.parse("./redis.conf:/etc/redis.conf:ro").name
        'redis-conf'
        """
        where, target, *more = text.split(":")
        return cls(PurePosixPath(where), target, more == ["ro"])

    @property
    def name(self) -> str:
        """The name of the volume, and of the secret or map that holds it."""
        return self.where.name.replace(".", "-")

    @property
    def claim(self) -> str:
        """The name of its claim, empty where it holds what the checkout or the secrets have."""
        return "" if self._is_file or self.name.startswith("secrets-") else self.name

    def mounted(self) -> Node:
        """Return how a container mounts it."""
        content: Node = {"name": self.name, "mountPath": self.target}
        if self._is_file and self.where.suffix:
            content["subPath"] = self.where.name
        return content | ({"readOnly": True} if self.is_read_only else {})

    def source(self) -> Node:
        """Return what it is made of."""
        if self.claim:
            return {"name": self.name, "persistentVolumeClaim": {"claimName": self.name}}
        if self._is_file:
            return {"name": self.name, "configMap": {"name": self.name, "defaultMode": 0o555}}
        # Readable for the pod's group: users of other images join it.
        secret: Node = {"secretName": self.name, "defaultMode": 0o440}
        return {"name": self.name, "secret": secret}

    @property
    def _is_file(self) -> bool:
        return len(self.where.parts) > 1 or bool(self.where.suffix)


def kubernetes() -> str:
    """Return deploy/kubernetes.yaml."""
    services = yaml.safe_load(compose())["services"]
    every = [Neighbour(name, document) for name, document in services.items()]
    runs = [neighbour for neighbour in every if neighbour.name != "secrets"]
    pods = dict.fromkeys(neighbour.pod for neighbour in runs)
    documents = [_settings(), *_claims(runs), *map(_service, PORTS)]
    documents += [_deployment(pod, [one for one in runs if one.pod == pod]) for pod in pods]
    return NOTE.format(source="kubernetes_file.py") + HEAD + "---\n".join(map(_text, documents))


def _text(document: Node) -> str:
    return yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=110)


def _settings() -> Node:
    return _thing("v1", "ConfigMap", SETTINGS) | {"data": dict(environment())}


def _claims(neighbours: Sequence[Neighbour]) -> Iterator[Node]:
    volumes = [volume.claim for neighbour in neighbours for volume in neighbour.volumes]
    for claim in dict.fromkeys(filter(None, volumes)):
        mode = "ReadWriteMany" if claim == SHARED else "ReadWriteOnce"
        size: Node = {"requests": {"storage": SIZES.get(claim, SMALL)}}
        yield _thing("v1", "PersistentVolumeClaim", claim) | {
            "spec": {"accessModes": [mode], "resources": size}
        }


def _service(name: str) -> Node:
    ports = [{"name": f"tcp-{port}", "port": port} for port in PORTS[name]]
    return _thing("v1", "Service", name) | {"spec": {"selector": _labels(name), "ports": ports}}


def _deployment(pod: str, members: Sequence[Neighbour]) -> Node:
    keeps = any(volume.claim not in {"", SHARED} for each in members for volume in each.volumes)
    is_alone = pod in ONE_AT_A_TIME or keeps
    new_first: Node = {"maxSurge": 1, "maxUnavailable": 0}
    strategy: Node = {"type": "Recreate"} if is_alone else {"rollingUpdate": new_first}
    profiles = members[0].document.get("profiles")
    spec: Node = {
        "replicas": 0 if profiles else 1,
        "selector": {"matchLabels": _labels(pod)},
        "strategy": strategy,
        "template": {"metadata": {"labels": _labels(pod)}, "spec": _pod(members)},
    }
    return _thing("apps/v1", "Deployment", pod) | {"spec": spec}


def _pod(members: Sequence[Neighbour]) -> Node:
    volumes = {str(source["name"]): source for each in members for source in each.sources()}
    return {
        "automountServiceAccountToken": False,
        # Variables such as REDIS_PORT would be taken for settings of programs that know that name.
        "enableServiceLinks": False,
        # So that the first process of a container is not the first of its kernel's namespace, which
        # no signal without a handler ends: `init: true` of the compose file.
        "shareProcessNamespace": True,
        "terminationGracePeriodSeconds": STOP_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [each.container() for each in members],
        "volumes": list(volumes.values()),
    }


def _thing(version: str, kind: str, name: str) -> Node:
    labels = {"app.kubernetes.io/part-of": "g6", **_labels(name)}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels}}


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}
