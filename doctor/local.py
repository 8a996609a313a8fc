"""What an environment on a cluster of one's own needs."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from modelyard.errors import ConfigurationError
from modelyard.kubeconfig import kubeconfig_files
from modelyard.quantities import mebibytes, millicores
from modelyard.serving.cluster import Cluster

import yaml

from doctor.check import Check, Finding, fail, ok, skipped, warn
from doctor.declared import STACKS, Declared
from doctor.reach import ANSWER_SECONDS, greet, is_signed_in
from images.loader import load_command, loads
from stacks.local.settings import LocalSettings

GROUP: Final = "the cluster"
# What images are built for: see images/builder.py.
_ARCHITECTURE: Final = "amd64"


class Local:
    """The checks of one environment.

    Args:
        settings: The environment.
        declared: What it declares.
    """

    def __init__(self, settings: LocalSettings, declared: Declared) -> None:
        self._settings = settings
        self._declared = declared
        self._file = f"environments/{settings.name}.toml"

    def checks(self) -> Iterator[Check]:
        """All of them."""
        check = partial(Check, group=GROUP)
        yield check(name="kubeconfig", about="It has the context that the environment names.", look=self._kubeconfig)
        yield check(
            name="cluster", about="It answers.", look=self._cluster, needs=("kubeconfig",), seconds=ANSWER_SECONDS * 2
        )
        yield check(
            name="nodes",
            about="They run what images are built for, and offer what the environment says.",
            look=self._nodes,
            needs=("cluster",),
            seconds=ANSWER_SECONDS * 2,
        )
        yield check(
            name="load balancers",
            about="Services of type LoadBalancer get addresses.",
            look=self._load_balancers,
            needs=("cluster",),
            seconds=ANSWER_SECONDS * 2,
        )
        yield check(
            name="images",
            about="The program that loads images into the nodes is there, or the registry tells what it has.",
            look=self._images,
            needs=(STACKS,),
            seconds=25,
        )

    def _kubeconfig(self) -> Finding:
        files = [Path(file).expanduser() for file in kubeconfig_files()]
        there = [file for file in files if file.is_file()]
        if not there:
            return fail(
                f"{', '.join(map(str, files))} is not there",
                "make a cluster (`kind create cluster --name modelyard`), or set KUBECONFIG",
            )
        contexts = [context for file in there for context in _contexts(file)]
        wanted = self._settings.context
        if wanted not in contexts:
            return fail(
                f"no context {wanted!r} in {', '.join(map(str, there))}, but {', '.join(contexts) or 'none'}",
                f"write one of these into {self._file}: context; or make that cluster",
            )
        return ok(f"{wanted}, in {', '.join(map(str, there))}")

    def _connect(self) -> Cluster:
        return Cluster(context=self._settings.context, answer_seconds=ANSWER_SECONDS)

    def _cluster(self) -> Finding:
        return greet(self._connect())

    def _nodes(self) -> Finding:
        nodes, said = self._connect().list("nodes"), self._settings.node
        others = {node["status"]["nodeInfo"]["architecture"] for node in nodes} - {_ARCHITECTURE}
        if others:
            return warn(
                f"{', '.join(sorted(others))}, and images are built for {_ARCHITECTURE}",
                "let the nodes emulate it (docker run --privileged tonistiigi/binfmt --install amd64), or take others",
            )
        offered = [node["status"]["allocatable"] for node in nodes]
        cpu = min((millicores(each["cpu"]) for each in offered), default=0)
        memory = min((mebibytes(each["memory"]) for each in offered), default=0)
        told = f"{len(nodes)} for {_ARCHITECTURE}, each with {cpu}m CPU and {memory}Mi at least"
        if len(nodes) < said.count or cpu < millicores(said.cpu) or memory < mebibytes(said.memory):
            return warn(
                f"{told}; the environment says {said.count} with {said.cpu} and {said.memory}",
                f"write what there is into {self._file}: [node], or give the cluster more",
            )
        return ok(told)

    def _load_balancers(self) -> Finding:
        services = [each for each in self._connect().list("services") if each["spec"].get("type") == "LoadBalancer"]
        waiting = [each for each in services if not (each["status"].get("loadBalancer") or {}).get("ingress")]
        if waiting:
            names = ", ".join(f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in waiting)
            return fail(
                f"no address yet for {names}",
                "run what gives addresses: https://github.com/kubernetes-sigs/cloud-provider-kind, `minikube tunnel`, "
                "or MetalLB",
            )
        if not services:
            return skipped("no Service of type LoadBalancer is there yet, by which one could tell")
        return ok(f"all {len(services)} have addresses")

    def _images(self) -> Finding:
        if not loads(self._settings):
            return is_signed_in(self._declared.images, f"sign in: docker login {self._settings.registry}")
        command = load_command(self._settings.context, self._settings.image_loader, Path("ARCHIVE"))
        if command is None:
            return ok("the nodes have what Docker builds")
        if not shutil.which(command[0]):
            return fail(f"{command[0]} is missing", f"install it, or write another one into {self._file}: image_loader")
        return ok(" ".join(command))


def _contexts(file: Path) -> list[str]:
    try:
        content = yaml.safe_load(file.read_text())
        return [str(each["name"]) for each in content.get("contexts") or ()]
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError, UnicodeDecodeError) as error:
        # Not what the parser quotes: that may be a token.
        raise ConfigurationError(
            f"{file} is no kubeconfig ({type(error).__name__})", mend="mend it: `kubectl config view` says where"
        ) from error
