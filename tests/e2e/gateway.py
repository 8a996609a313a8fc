"""The gateway on a real cluster: the add-on's stack, deployed by Terraform, with Traefik built from its source."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelyard.gateway import GATEWAY

import pytest
import yaml

from stacks.add_ons.gateway.values import CHART
from stacks.app import build_app
from stacks.environments import load_settings
from terraform_cli.call import terraform
from tests.e2e.clusters import Cluster
from tests.e2e.go_modules import build, module_folder
from tests.e2e.local_cluster import kubectl, wait_until
from tests.e2e.node_images import load_program, on_the_nodes

_MODULE = "github.com/traefik/traefik/v3"
# What takes the place of Traefik's parts for certificates and passwords, whose modules not every proxy has, and of a
# module that its own archive leaves out.
_IN_PLACE = Path(__file__).parent / "traefik"
_ACME = "pkg/provider/acme"
_REPLACED = ("github.com/go-acme/lego/v5=./lego", "github.com/abbot/go-http-auth=./http-auth")
_SERVICE = """
from stacks.service import ServiceStack


class Routed(ServiceStack):
    requires = ("gateway",)

    def declare(self) -> None:
        pass
"""


@dataclass(frozen=True)
class Gateway:
    """A deployed one, of the environment `local`.

    Attributes:
        url: Where it answers, with a slash at the end.
        folder: Of its stack.
        variables: For Terraform.
    """

    url: str
    folder: Path
    variables: Mapping[str, str]


def chart_folder() -> Path:
    """Of Traefik's chart, in the add-on's version."""
    return module_folder("github.com/traefik/traefik-helm-chart", f"v{CHART['version']}+incompatible") / "traefik"


def traefik_version() -> str:
    """The one that the chart deploys."""
    version: str = yaml.safe_load((chart_folder() / "Chart.yaml").read_text())["appVersion"]
    return version


def traefik_source() -> Path:
    """Of that version."""
    return module_folder(_MODULE, traefik_version())


def build_traefik(cache: Path) -> Path:
    """The program, without ACME and passwords; built on first use, in minutes."""
    version = traefik_version()
    program = cache / f"traefik-{version}" / "traefik"
    if program.exists():
        return program
    source = program.parent / "source"
    shutil.copytree(traefik_source(), source, dirs_exist_ok=True, copy_function=shutil.copyfile)
    shutil.rmtree(source / _ACME)
    shutil.copytree(_IN_PLACE, source, dirs_exist_ok=True)
    edits = ["go", "mod", "edit", *(f"-replace={each}" for each in _REPLACED)]
    subprocess.run(edits, cwd=source, check=True, timeout=60)
    build(source, "./cmd/traefik", program, linked=f"-X {_MODULE}/pkg/version.Version={version}")
    shutil.rmtree(source)
    return program


@contextmanager
def running_gateway(cluster: Cluster, program: Path, providers: Mapping[str, str], folder: Path) -> Iterator[Gateway]:
    """The add-on's own stack in the environment `local`, until the block ends.

    Routes of namespaces with the label `app.kubernetes.io/part-of: local` count.

    Args:
        cluster: Where.
        program: What `build_traefik` has given.
        providers: Variables under which Terraform finds the real providers.
        folder: For what is made on the way.
    """
    image = f"docker.io/library/traefik:{traefik_version()}"
    if not on_the_nodes(cluster, image):
        load_program(cluster, program, image, folder="/usr/local/bin", user=65532)
    # A cluster has one: who runs these tests at the same time, or has just ended, may have theirs on it.
    wait_until("no gateway is on the cluster", lambda: not _there(cluster), seconds=600)
    stack, variables = _synthesised(cluster, folder), {**providers, "KUBECONFIG": cluster.kubeconfig}
    terraform(stack, variables, "init", "-input=false")
    try:
        terraform(stack, variables, "apply", "-input=false", "-auto-approve")
        url = json.loads(terraform(stack, variables, "output", "-json"))["gateway_url"]["value"]
        yield Gateway(url, stack, variables)
    finally:
        terraform(stack, variables, "destroy", "-input=false", "-auto-approve")


def _there(cluster: Cluster) -> bool:
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "get", "namespace", GATEWAY]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def _synthesised(cluster: Cluster, folder: Path) -> Path:
    """The folder of the stack, with the chart of the module, for its repository may be out of reach."""
    service = folder / "services" / "routed" / "service.py"
    service.parent.mkdir(parents=True)
    service.write_text(_SERVICE)
    context = kubectl(cluster.kubeconfig, "config", "current-context").strip()
    settings = load_settings("local").model_copy(update={"context": context, "services": {}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", cluster.kubeconfig)
        build_app(settings, services=service.parents[1], outdir=str(folder / "out")).synth()
    file = folder / "out" / "stacks" / f"local-{GATEWAY}" / "cdk.tf.json"
    synthesised = json.loads(file.read_text())
    (release,) = [each for each in synthesised["resource"]["helm_release"].values() if "repository" in each]
    del release["repository"], release["version"]
    release["chart"] = str(chart_folder())
    file.write_text(json.dumps(synthesised))
    return file.parent
