"""The add-on KServe on a real cluster: its stack, deployed by Terraform, with KServe built from its source."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stacks.add_ons import add_ons_settings
from stacks.add_ons.kserve import cert_manager
from stacks.add_ons.kserve.stack import REPOSITORY
from stacks.add_ons.kserve.values import VERSION, values
from stacks.app import build_app
from stacks.environments import load_settings
from terraform_cli.call import terraform
from tests.docs.session import type_in
from tests.e2e.clusters import Cluster
from tests.e2e.conftest import Proof
from tests.e2e.go_modules import module_folder
from tests.e2e.kserve import (
    NAMESPACE,
    STORAGE_IMAGE,
    certificate,
    helm_program,
    load_images,
    namespace,
    rendered,
    wait_for_no_other,
)
from tests.e2e.local_cluster import kubectl, wait_until

MODELS = "kserve-models-e2e"
SERVICE = """
from stacks.service import ServiceStack


class Models(ServiceStack):
    requires = ("kserve",)

    def declare(self) -> None:
        pass
"""
Object = dict[str, Any]


@dataclass(frozen=True)
class Deployed:
    """The add-on's stack, as a first deploy has left it.

    Attributes:
        folder: Of the stack.
        variables: For Terraform.
        refused: What Helm said of the runtime's release, when it was tried without waiting.
        tries: How often the Job had looked by then.
        applied: What Terraform printed.
    """

    folder: Path
    variables: Mapping[str, str]
    refused: str
    tries: int
    applied: str


@pytest.fixture(scope="module")
def stack(
    cluster: Cluster,
    base_images: None,
    kserve_build: Path,
    real_providers: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """The folder of the stack in the environment `local`, with the charts of KServe's source; and cert-manager's kinds.

    Nothing plays cert-manager by itself: its controllers are in modules that Go's proxy does not have.
    """
    folder = tmp_path_factory.mktemp("kserve")
    service = folder / "services" / "models" / "service.py"
    service.parent.mkdir(parents=True)
    service.write_text(SERVICE)
    context = kubectl(cluster.kubeconfig, "config", "current-context").strip()
    add_ons = add_ons_settings().model_validate({"kserve": {"cert_manager": False}})
    settings = load_settings("local").model_copy(update={"context": context, "services": {}, "add_ons": add_ons})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", cluster.kubeconfig)
        build_app(settings, services=service.parents[1], outdir=str(folder / "out")).synth()
    file = folder / "out" / "stacks" / "local-kserve" / "cdk.tf.json"
    synthesised = json.loads(file.read_text())
    for release in synthesised["resource"]["helm_release"].values():
        if release.pop("repository", None) == REPOSITORY:
            assert release.pop("version") == VERSION
            release["chart"] = str(kserve_build / "charts" / release["chart"])
    file.write_text(json.dumps(synthesised))
    load_images(cluster, kserve_build)
    wait_for_no_other(cluster)
    kinds = module_folder("github.com/cert-manager/cert-manager", cert_manager.VERSION) / "deploy" / "crds"
    files = [f"--filename={kinds / f'cert-manager.io_{kind}.yaml'}" for kind in ("certificates", "issuers")]
    kubectl(cluster.kubeconfig, "apply", "--server-side", *files)
    yield file.parent
    kubectl(cluster.kubeconfig, "delete", *files)


@pytest.fixture(scope="module")
def deployed(cluster: Cluster, kserve_build: Path, real_providers: dict[str, str], stack: Path) -> Iterator[Deployed]:
    """Deployed once, while the authority of the webhooks' certificate comes late."""
    variables = real_providers | {"KUBECONFIG": cluster.kubeconfig}
    terraform(stack, variables, "init", "-input=false")
    with ThreadPoolExecutor(1) as pool:
        applying = pool.submit(terraform, stack, variables, "apply", "-input=false", "-auto-approve")
        made = certificate()
        wait_until("the namespace is there", lambda: applying.done() or asked(cluster, "get", "namespace", NAMESPACE))
        if applying.done():
            applying.result()
        apply(cluster, NAMESPACE, made.secret)
        wait_until("the Job has tried", lambda: applying.done() or tries(cluster) > 1, seconds=180)
        refused, tried = released_at_once(cluster, kserve_build, stack), tries(cluster)
        for each in rendered(kserve_build, "kserve-resources", values()):
            patch = [
                {"op": "add", "path": f"/webhooks/{number}/clientConfig/caBundle", "value": made.authority}
                for number in range(len(each.get("webhooks", [])))
            ]
            if patch:
                what = [
                    f"{each['kind'].lower()}/{each['metadata']['name']}",
                    "--type=json",
                    f"--patch={json.dumps(patch)}",
                ]
                kubectl(cluster.kubeconfig, "patch", *what)
        applied = applying.result()
    yield Deployed(stack, variables, refused, tried, applied)
    asked(cluster, "delete", "inferenceservices.serving.kserve.io", "--all", "--all-namespaces")
    terraform(stack, variables, "destroy", "-input=false", "-auto-approve")


@pytest.fixture
def models(cluster: Cluster, deployed: Deployed) -> Iterator[str]:
    """A namespace for models, that enforces the strictest standard for pods."""
    apply(cluster, "default", namespace(MODELS))
    yield MODELS
    kubectl(cluster.kubeconfig, "delete", "-n", MODELS, "inferenceservices", "--all")
    kubectl(cluster.kubeconfig, "delete", "namespace", MODELS)


def released_at_once(cluster: Cluster, built: Path, stack: Path) -> str:
    """What Helm says of the runtime's release."""
    releases = json.loads((stack / "cdk.tf.json").read_text())["resource"]["helm_release"]
    (runtime,) = [each for each in releases.values() if each["name"] == "runtime"]
    command = [
        str(helm_program(built)),
        "install",
        "at-once",
        str(stack / runtime["chart"]),
        "--atomic",
        "--values",
        "-",
    ]
    where = ["--namespace", NAMESPACE, "--kubeconfig", cluster.kubeconfig]
    done = subprocess.run(
        [*command, *where], input=runtime["values"][0], capture_output=True, text=True, check=False, timeout=120
    )
    return str(done.stderr)


def asked(cluster: Cluster, *arguments: str) -> str:
    """What kubectl prints; empty if it fails."""
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout


def apply(cluster: Cluster, where: str, manifest: Object, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["kubectl", "--kubeconfig", cluster.kubeconfig, "apply", "-n", where, "-f", "-", *options]
    given = json.dumps(manifest)
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)


def tries(cluster: Cluster) -> int:
    """How often the Job has looked whether the webhooks answer."""
    pods = asked(cluster, "get", "pods", "-n", NAMESPACE, "-l", "batch.kubernetes.io/job-name", "-o", "json")
    statuses = [each["status"].get("containerStatuses", []) for each in json.loads(pods or '{"items": []}')["items"]]
    return sum(1 + status["restartCount"] for each in statuses for status in each)


def inference_service(name: str, **predictor: object) -> Object:
    """One whose model is a folder's files."""
    container = {
        "name": "kserve-container",
        "image": STORAGE_IMAGE,
        "command": ["python", "-m", "http.server", "--directory", "/mnt", "8080"],
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name},
        # Python, as a container's first process, does not end when it is told to.
        "spec": {"predictor": {"containers": [container], "terminationGracePeriodSeconds": 1, **predictor}},
    }


def test_a_first_deploy_waits_until_the_webhooks_answer(
    cluster: Cluster, deployed: Deployed, tmp_path: Path, proof: Proof
) -> None:
    assert "INSTALLATION FAILED" in deployed.refused
    assert "failed calling webhook" in deployed.refused
    assert deployed.tries > 1
    kubeconfig = {"KUBECONFIG": cluster.kubeconfig}
    printed = type_in(__file__, "docs/add-ons.md", deployed.folder, kubeconfig, tmp_path)
    # The Job's log, then the libraries.
    (libraries,) = re.findall(r"^\{.*?\}", printed, re.MULTILINE)
    assert json.loads(libraries)["scikit-learn"]
    assert asked(cluster, "get", "clusterservingruntimes", "-o", "name").split() == [
        "clusterservingruntime.serving.kserve.io/modelyard"
    ]
    assert "No changes" in terraform(deployed.folder, deployed.variables, "plan", "-input=false")
    reason = deployed.refused.strip().rpartition(": ")[2]
    proof(
        f"KServe's webhooks refused {deployed.tries} tries, and Helm ({reason}); the deploy waited, second plan empty"
    )


def test_an_inference_service_becomes_ready_where_pods_are_restricted(
    cluster: Cluster, models: str, proof: Proof
) -> None:
    done = apply(cluster, models, inference_service("custom"))
    assert done.returncode == 0, done.stderr

    ready = ["inferenceservice/custom", "--for=condition=Ready", "--timeout=55s"]
    kubectl(cluster.kubeconfig, "wait", "-n", models, *ready)

    kinds = "deployments,services,ingresses,pods"
    made = json.loads(kubectl(cluster.kubeconfig, "get", "-n", models, kinds, "-o", "json"))["items"]
    (pod,) = [each["spec"] for each in made if each["kind"] == "Pod"]
    assert {each["kind"] for each in made} == {"Deployment", "Service", "Pod"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["containers"][0]["resources"] == values()["kserve"]["inferenceservice"]["resources"]
    status = json.loads(kubectl(cluster.kubeconfig, "get", "-n", models, "inferenceservice/custom", "-o", "json"))[
        "status"
    ]
    assert status["url"] == status["address"]["url"] == f"http://custom-predictor.{models}.svc.cluster.local"
    proof(f"KServe {VERSION}, built from its source: an InferenceService becomes Ready where pods are `restricted`")


def test_a_canary_that_kserve_would_ignore_is_refused_in_plain_words(
    cluster: Cluster, models: str, proof: Proof
) -> None:
    refused = apply(cluster, models, inference_service("canary", canaryTrafficPercent=10), "--dry-run=server")

    assert refused.returncode == 1
    assert "canaryTrafficPercent does nothing here" in refused.stderr
    assert "an InferenceService of its own" in refused.stderr
    proof("a canary's weight is refused by the API server, with the reason and the mend")


def test_what_is_no_canary_is_taken(cluster: Cluster, models: str) -> None:
    transformer = inference_service("plain")["spec"]["predictor"]
    both = inference_service("plain")
    both["spec"]["transformer"] = transformer
    with_weight = json.loads(json.dumps(both))
    with_weight["spec"]["transformer"]["canaryTrafficPercent"] = 10
    on_knative = inference_service("knative", canaryTrafficPercent=10)
    on_knative["metadata"]["annotations"] = {"serving.kserve.io/deploymentMode": "Knative"}

    assert apply(cluster, models, both, "--dry-run=server").returncode == 0
    assert "does nothing here" in apply(cluster, models, with_weight, "--dry-run=server").stderr
    assert "does nothing here" not in apply(cluster, models, on_knative, "--dry-run=server").stderr
