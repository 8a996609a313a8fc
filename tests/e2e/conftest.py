"""What end-to-end tests need from the machine, and the plain word when it is not there."""

import json
import math
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from modelyard import object_store
from modelyard.build_context import BuildContext

import pytest
import tomlkit
import urllib3
from playwright.sync_api import Page, sync_playwright

from services.image_classifier.tests.alexnet import random_weights, write_checkpoint
from services.image_classifier.tests.image_host import image_host
from simulator.plugin_binaries import RECORDED_VERSIONS
from stacks.add_ons import add_on_modules
from stacks.add_ons.kserve.serving_runtime import pinned_libraries, serving_runtime
from stacks.paths import ROOT
from terraform_cli.call import terraform
from tests.conftest import copy_of_the_repo, keep_only
from tests.e2e.argo import Argo, build_argo, running_argo
from tests.e2e.clusters import Cluster, kind_cluster, lab_cluster
from tests.e2e.gateway import Gateway, build_traefik, running_gateway
from tests.e2e.kserve import HELM, build_kserve, running_kserve
from tests.e2e.local_cluster import Local, kubectl
from tests.e2e.model_namespace import apply
from tests.e2e.node_images import load_image, load_program, on_the_nodes
from tests.e2e.programs import built_by_go, cache_folder, installed_by_npm, one_process
from tests.e2e.state_stores import Store, blob_storage, cloud_storage

Proof = Callable[[str], None]


@pytest.fixture
def proof(record_property: Callable[[str, object], None]) -> Proof:
    """Call it with what was seen and its figure: the run's summary lists it, if the test passes."""
    return lambda seen: record_property("proof", seen)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Lists what the tests have proved, with the figures of this run."""
    reports: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    proofs = [seen for report in reports for name, seen in report.user_properties if name == "proof"]
    if proofs:
        terminalreporter.section("proofs")
        for seen in proofs:
            terminalreporter.write_line(f"✓ {seen}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """For machines that are given up after a time, as CI's are."""
    words = "skip the tests that would begin later, in seconds since 1970: date -d '+1 hour' +%%s"
    parser.addoption("--until", type=float, default=math.inf, help=words)


@pytest.hookimpl(tryfirst=True)  # before the test's fixtures begin
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips it when the time is over."""
    if time.time() > item.config.getoption("--until"):
        pytest.skip("the time for tests was over, see `make e2e UNTIL=…` in docs/testing.md")


@pytest.hookimpl(tryfirst=True)  # xdist reads the mark in this hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets one process have the cluster, of those among which `pytest -n` divides the tests; another one builds."""
    on_cluster = [item for item in items if "cluster" in _fixtures(item)]
    for item in on_cluster:
        item.add_marker(pytest.mark.xdist_group("cluster"))
    # Modules as a whole, for their tests find what those before them have left.
    late = {item.path for item in on_cluster if _BUILT & _fixtures(item)}
    # In this order they are given out: who has the cluster has the longest way to go, and begins with what needs
    # nothing that the other one builds first. Documents come last, for they type what other tests try in parts.
    places = {"test_builds": -1, "test_documents": 1}
    items.sort(key=lambda item: (item not in on_cluster, item.path in late, places.get(item.path.stem, 0)))


_BUILT = {"argo_build", "kserve_build", "traefik"}


def _fixtures(item: pytest.Item) -> set[str]:
    return set(item.fixturenames) if isinstance(item, pytest.Function) else set()


def _lab() -> Path | None:
    folder = os.environ.get("MODELYARD_LAB")
    return Path(folder) if folder and Path(folder).is_dir() else None


@pytest.fixture(scope="session")
def lab() -> Path:
    """The folder with scripts for real provider plugins and image builds, see docs/testing.md."""
    folder = _lab()
    if folder is None:
        pytest.skip("no lab: set MODELYARD_LAB to a folder with providers.sh, cluster.sh and images.sh")
    return folder


@pytest.fixture(scope="session")
def real_providers(testrun_uid: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables under which Terraform finds the real provider plugins: in the lab's mirror, else in the registry."""
    if folder := _lab():
        with one_process("providers"):
            printed = tmp_path_factory.getbasetemp().parent / f"providers-{testrun_uid}"
            # Once for all processes of a run: the script writes the file anew that Terraform may be reading.
            if not printed.exists():
                done = subprocess.run([folder / "providers.sh"], stdout=subprocess.PIPE, check=True)
                printed.write_bytes(done.stdout)
            return {"TF_CLI_CONFIG_FILE": printed.read_text().strip().removeprefix("export TF_CLI_CONFIG_FILE=")}
    try:
        urllib3.request("GET", "https://registry.terraform.io/.well-known/terraform.json", timeout=5, retries=False)
    except urllib3.exceptions.HTTPError:
        pytest.skip("neither a lab (MODELYARD_LAB) nor the Terraform registry: real providers were not tried")
    return {}


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory, real_providers: dict[str, str]) -> Path:
    """The folder where Terraform installed the recorded versions."""
    folder = tmp_path_factory.mktemp("providers")
    required = {
        name: {"source": f"hashicorp/{name}", "version": version} for name, version in RECORDED_VERSIONS.items()
    }
    (folder / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
    terraform(folder, real_providers, "init", "-input=false")
    return folder / ".terraform" / "providers"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real Kubernetes node: the lab's, else kind's."""
    if folder := _lab():
        node = lab_cluster(folder)
    elif missing := [program for program in ("kind", "cloud-provider-kind", "kubectl") if not shutil.which(program)]:
        pytest.skip(f"no lab (MODELYARD_LAB) and no {' and no '.join(missing)}: no real cluster was tried")
    else:
        node = kind_cluster(tmp_path_factory.mktemp("kind"))
    with node as running:
        yield running


@pytest.fixture(scope="session")
def kubeconfig(cluster: Cluster) -> str:
    """Of the real Kubernetes node."""
    return cluster.kubeconfig


@pytest.fixture(scope="session")
def base_images(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The images that Dockerfiles begin FROM: a lab makes them when it builds something for its node."""
    if folder := _lab():
        context = tmp_path_factory.mktemp("nothing")
        (context / "Dockerfile").write_text("FROM python:3.11-slim\n")
        subprocess.run([folder / "images.sh", "build", context, "localhost/nothing:1"], check=True, timeout=600)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser; also for tests of what another one has done in it."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium and no google-chrome: nothing was tried in a browser")
    return found


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    """A page in a browser of its own."""
    with sync_playwright() as playwright:
        # Its own sandbox needs rights that a container has not; it opens nothing but this machine's pages.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 960})
        browser.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder where they stay after the tests."""
    folder = ROOT / ".screenshots"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def local_with(
    cluster: Cluster, real_providers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Local]:
    """Makes the environment `local` of a copied repo, set to the node, with only the service that is named.

    Without add-ons: their charts and images come from where the node may not reach.
    """

    def make(service: str) -> Local:
        checkout = copy_of_the_repo(tmp_path_factory.mktemp("local") / "checkout")
        keep_only(checkout, service)
        file = checkout / "environments" / "local.toml"
        document = tomlkit.parse(file.read_text())
        # This machine calls; the node has a loader of its own.
        context = kubectl(cluster.kubeconfig, "config", "current-context").strip()
        document |= {"context": context, "source_ranges": "world", "image_loader": cluster.image_loader, "services": {}}
        document["add_ons"] = {name: {"deployed": False} for name in add_on_modules()}
        file.write_text(tomlkit.dumps(document))
        # No user namespaces for buildah, and perhaps no registry to ask for providers' checksums.
        variables = {
            "KUBECONFIG": cluster.kubeconfig,
            "BUILDAH_ISOLATION": "chroot",
            "CDKTF_SKIP_PROVIDER_LOCK": "true",
        }
        return Local(checkout, variables | real_providers)

    return make


@pytest.fixture(scope="module")
def local(local_with: Callable[[str], Local]) -> Local:
    """With the classifier; made once: each test finds what those before it have left."""
    return local_with("image_classifier")


@pytest.fixture(scope="session")
def weights(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Options for a build: in a lab, with weights that are made here; elsewhere none, and the published ones."""
    if not cluster.lab:
        yield []
        return
    file = tmp_path_factory.mktemp("weights") / "weights.pth"
    write_checkpoint(file, random_weights(), parameters=True)
    content = file.read_bytes()
    with image_host() as host:
        host.answers["/weights.pth"] = lambda request: request.reply(content)
        arguments = [f"WEIGHTS_URL={host.url}/weights.pth", f"WEIGHTS_SHA256={sha256(content).hexdigest()}"]
        yield [option for argument in arguments for option in ("--build-arg", argument)]


@pytest.fixture(scope="module")
def url(base_images: None, local: Local, weights: list[str]) -> Iterator[str]:
    """Where the classifier answers, once `modelyard up` has built, loaded and deployed it."""
    done = local.modelyard("up", "local", *weights)
    assert done.returncode == 0, done.stderr
    (answers,) = re.findall(r"local-image-classifier answers at (\S+)", done.stdout)
    yield answers
    local.modelyard("teardown", "local")


@pytest.fixture(scope="session")
def fake_gcs_server() -> Path:
    """The program fake-gcs-server."""
    return built_by_go("github.com/fsouza/fake-gcs-server@v1.56.1", without="the state's move into a bucket")


@pytest.fixture(scope="session")
def image_registry() -> Path:
    """The program of the CNCF's image registry."""
    return built_by_go("github.com/distribution/distribution/v3/cmd/registry@v3.0.0", without="the push of images")


@pytest.fixture(scope="session")
def actionlint() -> Path:
    """The program actionlint."""
    return built_by_go("github.com/rhysd/actionlint/cmd/actionlint@v1.7.12", without="the workflows' syntax")


@pytest.fixture(scope="session")
def helm() -> Path:
    """The program helm."""
    return built_by_go(f"{HELM[0]}/cmd/helm@{HELM[1]}", without="the rendering of others' charts")


@pytest.fixture(scope="session")
def versitygw() -> Path:
    """The program of VersityGW, an S3-compatible store that keeps objects as files."""
    return built_by_go("github.com/versity/versitygw/cmd/versitygw@v1.8.0", without="the pipeline of sales")


@pytest.fixture(scope="session")
def argo_build() -> Path:
    """Argo's programs and manifests."""
    if shutil.which("go") is None:
        pytest.skip("no Go: Argo Workflows cannot be built, the pipeline of sales was not tried")
    with one_process("argo"):
        return build_argo(cache_folder())


@pytest.fixture(scope="session")
def argo(cluster: Cluster, argo_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Argo]:
    """Argo Workflows on the cluster."""
    with running_argo(cluster, argo_build, tmp_path_factory.mktemp("argo")) as running:
        yield running


@pytest.fixture(scope="session")
def kserve_build() -> Path:
    """KServe's programs and charts."""
    if shutil.which("go") is None:
        pytest.skip("no Go: KServe cannot be built, no InferenceService was tried")
    with one_process("kserve"):
        return build_kserve(cache_folder())


@pytest.fixture(scope="module")
def kserve(
    cluster: Cluster, base_images: None, kserve_build: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """KServe on the cluster; a module's own, since the add-on's own test deploys it too."""
    with running_kserve(cluster, kserve_build, tmp_path_factory.mktemp("kserve")):
        yield


@pytest.fixture(scope="module")
def model_server(cluster: Cluster, kserve: None) -> str:
    """The image of the ClusterServingRuntime of the add-on `kserve`, both on the cluster."""
    folder = ROOT / "stacks" / "add_ons" / "kserve" / "runtime"
    image = BuildContext(folder=folder, repository="localhost/e2e/model-server").image
    if not on_the_nodes(cluster, image):
        load_image(cluster, folder, image)
    apply(cluster, serving_runtime(image, pinned_libraries(folder / "requirements.txt")))
    return image


@pytest.fixture(scope="session")
def traefik() -> Path:
    """The program traefik."""
    if shutil.which("go") is None:
        pytest.skip("no Go: Traefik cannot be built, no route was tried")
    with one_process("traefik"):
        return build_traefik(cache_folder())


@pytest.fixture(scope="module")
def gateway(
    cluster: Cluster, traefik: Path, real_providers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """The add-on `gateway` on the cluster, for routes of the environment `local`."""
    with running_gateway(cluster, traefik, real_providers, tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture(scope="session")
def object_store_image(cluster: Cluster, versitygw: Path) -> None:
    """The store that services bring where there is no cloud: the same release, under its name."""
    if not on_the_nodes(cluster, object_store.IMAGE):
        load_program(cluster, versitygw, object_store.IMAGE)


@pytest.fixture(scope="session")
def azurite() -> Path:
    """The program azurite-blob, installed by npm on first use."""
    folder = installed_by_npm("azurite@3.35.0", without="the state's move into a storage account")
    return folder / "node_modules" / ".bin" / "azurite-blob"


@pytest.fixture(params=["gke-dev", "aks-dev"])
def store(
    request: pytest.FixtureRequest, real_providers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """An environment's state store, with no states in it."""
    if request.param == "gke-dev":
        running = cloud_storage(request.getfixturevalue("fake_gcs_server"), real_providers)
    else:
        # A key or another identity of whoever runs the tests.
        for name in [name for name in os.environ if name.startswith("ARM_")]:
            monkeypatch.delenv(name)
        (folder := tmp_path / "blob_storage").mkdir()
        running = blob_storage(request.getfixturevalue("azurite"), real_providers, folder)
    with running as found:
        yield found


@pytest.fixture(scope="session")
def grafana_schema() -> Path:
    """A folder with a TypeScript compiler and Grafana's types, installed by npm on first use."""
    return installed_by_npm("@grafana/schema@13.2.3", "typescript@5.9.3", without="a dashboard beside its types")


@pytest.fixture(scope="session")
def axe() -> Path:
    """The program of axe-core, which finds barriers in a page, installed by npm on first use."""
    folder = installed_by_npm("axe-core@4.14.1", without="the report's accessibility")
    return folder / "node_modules" / "axe-core" / "axe.min.js"
