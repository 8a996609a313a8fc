"""Add-ons: who brings them, in which order, what is refused, and whether all that is declared fits the nodes."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from modelyard import ConfigurationError
from modelyard.manifest_text import release_values

import pytest
from cdktf import App, DataResource, TerraformStack, Token

import stacks.add_ons
from stacks.add_ons import add_on_modules, add_ons_settings
from stacks.add_ons.polyaxon.settings import PolyaxonSettings
from stacks.app import build_app
from stacks.environments import load_settings
from stacks.gke.settings import GkeSettings
from stacks.paths import ROOT
from stacks.service import ServiceStack
from stacks.settings import AddOnSettings, Settings
from tests.conftest import Synthesise, resource
from tests.terraform_output import applied_output

SERVICE = """
from modelyard import ModelService, Resources

from stacks.service import ServiceStack


class Echo(ServiceStack):
    requires = {requires!r}

    def declare(self) -> None:
        ModelService(
            self,
            "service",
            image="localhost/echo:1",
            port=8080,
            resources=Resources(cpu="{cpu}", memory="64Mi"),
            exposure=self.exposure,
            replicas={replicas},
        )
"""
ADD_ON = """
from modelyard import HelmChart, PodRequests, Resources, add_namespace

from stacks.add_on import AddOnStack


class Workflows(AddOnStack):
    def declare(self) -> None:
        HelmChart(
            self,
            "chart",
            name="workflows",
            repository="https://charts.example.com",
            chart="workflows",
            version="1.2.3",
            namespace=add_namespace(self, "namespace", service=self).metadata.name,
            values={"replicas": 2, "shell": "${HOME}"},
            pods=[PodRequests(name="controller", resources=Resources(cpu="400m", memory="128Mi"), replicas=2)],
        )


STACK = Workflows
"""

Service = Callable[..., Path]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """Writes a service; gives the folder of the services."""

    def write(name: str, requires: tuple[str, ...] = (), *, cpu: str = "100m", replicas: int = 1) -> Path:
        folder = tmp_path / "services" / name
        folder.mkdir(parents=True)
        (folder / "service.py").write_text(SERVICE.format(requires=requires, cpu=cpu, replicas=replicas))
        return folder.parent

    return write


@pytest.fixture
def add_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of one add-on more, `data_workflows`."""
    folder = tmp_path / "add_ons" / "data_workflows"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "stack.py").write_text(ADD_ON)
    monkeypatch.setattr(stacks.add_ons, "__path__", [*stacks.add_ons.__path__, str(folder.parent)])
    yield folder
    for name in [name for name in sys.modules if name.startswith("stacks.add_ons.data_workflows")]:
        del sys.modules[name]


@pytest.fixture
def bare(settings: GkeSettings) -> GkeSettings:
    """The environment gke-dev without a word on any service."""
    return settings.model_copy(update={"services": {}})


def with_add_ons(settings: Settings, **tables: dict[str, Any]) -> Settings:
    """With the keys that add-ons have now, and these tables of them."""
    return settings.model_copy(update={"add_ons": add_ons_settings().model_validate(tables)})


def dependencies(app: App) -> dict[str, set[str]]:
    """The ids of the stacks that a stack waits for, by its id."""
    found = [stack for stack in app.node.children if isinstance(stack, TerraformStack)]
    return {stack.node.id: {each.node.id for each in stack.dependencies} for stack in found}


def test_an_add_on_is_deployed_before_the_services_that_require_it(service: Service, bare: Settings) -> None:
    service("first", ("polyaxon",))
    service("second")

    waits_for = dependencies(build_app(bare, services=service("third", ("polyaxon",))))

    assert waits_for["gke-dev-polyaxon"] == {"gke-dev-cluster"}
    assert waits_for["gke-dev-first"] == waits_for["gke-dev-third"] == {"gke-dev-cluster", "gke-dev-polyaxon"}
    assert waits_for["gke-dev-second"] == {"gke-dev-cluster"}


def test_what_no_service_requires_is_not_deployed(service: Service, bare: Settings) -> None:
    assert "gke-dev-polyaxon" not in dependencies(build_app(bare, services=service("echo")))


def test_an_environment_switches_an_add_on_off(service: Service, bare: Settings) -> None:
    off = with_add_ons(bare, polyaxon={"deployed": False})

    waits_for = dependencies(build_app(off, services=service("echo", ("polyaxon",))))

    assert "gke-dev-polyaxon" not in waits_for
    assert waits_for["gke-dev-echo"] == {"gke-dev-cluster"}


@pytest.mark.parametrize("deployed", [True, False])
def test_a_service_is_monitored_where_monitoring_is_deployed(service: Service, bare: Settings, deployed: bool) -> None:
    settings = with_add_ons(bare, monitoring={"deployed": deployed})
    service("deaf")

    app = build_app(settings, services=service("echo", ("monitoring",)))

    found = {stack.service_name: stack.monitored for stack in app.node.children if isinstance(stack, ServiceStack)}
    assert found == {"deaf": False, "echo": deployed}


@pytest.mark.parametrize(
    ("name", "mend"),
    [("polyaxn", "did you mean polyaxon?"), ("spark", "name one of these, or add its folder to stacks/add_ons/")],
)
def test_an_add_on_that_there_is_not_is_refused(service: Service, bare: Settings, name: str, mend: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        build_app(bare, services=service("echo", (name,)))

    assert str(error.value).splitlines() == [
        "services/echo/service.py: requires",
        f"  requires {name!r}, which is no add-on; there is {', '.join(add_on_modules())}",
        f"  mend: {mend}",
    ]


def test_a_folder_is_an_add_on(service: Service, bare: Settings, add_on: Path, synthesise: Synthesise) -> None:
    synthesised = synthesise(with_add_ons(bare), service("echo", ("data-workflows",)))

    stack = synthesised["gke-dev-data-workflows"]
    assert resource(stack, "kubernetes_namespace_v1")["metadata"]["name"] == "data-workflows"
    assert stack["terraform"]["backend"]["gcs"]["prefix"] == "gke-dev-data-workflows"
    release = resource(stack, "helm_release")
    pinned = {key: release[key] for key in ("repository", "chart", "version", "atomic")}
    assert pinned == {
        "repository": "https://charts.example.com",
        "chart": "workflows",
        "version": "1.2.3",
        "atomic": True,
    }


def test_an_add_on_has_the_keys_of_its_own_settings(add_on: Path) -> None:
    (add_on / "settings.py").write_text(
        "from stacks.settings import AddOnSettings\n\n\nclass MODEL(AddOnSettings):\n    retention_days: int = 7\n"
    )

    table = add_ons_settings().model_validate({"data-workflows": {"retention_days": 3}})

    assert {"data-workflows", "polyaxon"} <= add_on_modules().keys()
    assert table.of("data-workflows").model_dump() == {"deployed": True, "retention_days": 3}
    assert table.of("polyaxon") == PolyaxonSettings()


def test_an_add_on_without_settings_of_its_own_can_be_switched_off(add_on: Path) -> None:
    table = add_ons_settings().model_validate({"data-workflows": {"deployed": False}})

    assert table.of("data-workflows") == AddOnSettings(deployed=False)


def test_what_is_wrong_in_an_add_on_is_said_with_its_file(service: Service, bare: Settings, add_on: Path) -> None:
    (add_on / "stack.py").write_text(ADD_ON.replace("400m", "4"))

    with pytest.raises(ConfigurationError) as error:
        build_app(with_add_ons(bare), services=service("echo", ("data-workflows",)))

    assert error.value.where == "stacks/add_ons/data_workflows/stack.py: pods of controller"
    assert "cpu = 4 is more than any node offers: 4000m requested, 940m allocatable" in error.value.what


@pytest.fixture
def two_nodes(bare: GkeSettings, add_on: Path) -> Settings:
    """The environment on two nodes of 940m and 2780Mi."""
    pool = bare.cluster.node_pool.model_copy(update={"max_nodes": 2})
    return with_add_ons(bare.model_copy(update={"cluster": bare.cluster.model_copy(update={"node_pool": pool})}))


def test_an_add_on_that_does_not_fit_beside_the_services_is_refused_with_the_sum(
    service: Service, two_nodes: Settings
) -> None:
    service("first", ("data-workflows",), cpu="300m", replicas=3)

    with pytest.raises(ConfigurationError) as error:
        build_app(two_nodes, services=service("second", cpu="200m"))

    assert str(error.value).splitlines() == [
        "environments/gke-dev.toml: cluster.node_pool.max_nodes",
        "  what services and add-ons request does not fit the nodes "
        "(1000m less 60m, 3840Mi less 1060Mi, which GKE reserves):",
        "    gke-dev-data-workflows     800m     256Mi  2 x controller 400m 128Mi",
        "    gke-dev-first              900m     192Mi  3 x first 300m 64Mi",
        "    gke-dev-second             200m      64Mi  second 200m 64Mi",
        "    in all                    1900m     512Mi",
        "    2 x n1-standard-1         1880m    5560Mi  each 940m 2780Mi",
        "  mend: write cluster.node_pool.max_nodes = 3 or more, or a larger cluster.node_pool.machine_type, "
        "or leave out what an add-on brings: [add_ons.data-workflows] deployed = false",
    ]


def test_what_just_fits_is_taken(service: Service, two_nodes: Settings) -> None:
    service("first", ("data-workflows",), cpu="300m", replicas=3)

    assert build_app(two_nodes, services=service("second", cpu="180m"))


def test_an_autoscaled_service_counts_with_all_that_it_may_become(service: Service, two_nodes: Settings) -> None:
    file = service("echo", ("data-workflows",), cpu="300m") / "echo" / "service.py"
    scaled = "autoscaling=Autoscaling(min_replicas=1, max_replicas=4)"
    text = file.read_text().replace("replicas=1", scaled).replace("import Model", "import Autoscaling, Model")
    file.write_text(text)

    with pytest.raises(ConfigurationError, match=r"gke-dev-echo +1200m"):
        build_app(two_nodes, services=file.parents[1])


def test_on_a_cluster_of_ones_own_the_sum_is_of_its_nodes(service: Service, add_on: Path) -> None:
    local = with_add_ons(load_settings("local").model_copy(update={"services": {}}))

    with pytest.raises(ConfigurationError) as error:
        build_app(local, services=service("echo", ("data-workflows",), cpu="700m", replicas=5))

    assert error.value.where == "environments/local.toml: node.count"
    assert "    1 x a node of this cluster    3000m   10240Mi" in error.value.what
    assert error.value.mend.startswith("write node.count = 2 or more, or a larger node.cpu and node.memory, or")


def polyaxon(settings: Settings, service: Service, synthesise: Synthesise) -> dict[str, Any]:
    """Its releases by name."""
    stack = synthesise(settings, service("echo", ("polyaxon",)))["gke-dev-polyaxon"]
    return {each["name"]: each for each in stack["resource"]["helm_release"].values()}


def test_polyaxons_password_is_named_where_it_is_read_and_stands_nowhere(
    bare: Settings, service: Service, synthesise: Synthesise
) -> None:
    releases = polyaxon(bare, service, synthesise)

    assert json.loads(releases["polyaxon-database"]["values"][0])["keys"] == ["POLYAXON_DB_PASSWORD"]
    (values,) = releases["polyaxon"]["values"]
    assert re.findall(r'"platformSecret": "\$\{.*?helm_release\.secret_release_\w+\.name', values)
    assert re.findall(r'"(\w*(?:[pP]assword|[sS]ecret|[tT]oken)\w*)": "\w+"', values) == []


def test_another_revision_of_the_secrets_replaces_the_pods_that_read_them(
    bare: Settings, service: Service, synthesise: Synthesise
) -> None:
    releases = polyaxon(with_add_ons(bare, polyaxon={"secrets_revision": 7}), service, synthesise)

    assert json.loads(releases["polyaxon-database"]["values"][0])["revision"] == "7"
    # Once for all pods of the chart, and for PostgreSQL's.
    annotation = r'"modelyard/secret-polyaxon-database\\*": \\*"7\\*"'
    for name in ("polyaxon", "polyaxon-postgresql"):
        assert len(re.findall(annotation, "".join(releases[name]["values"]))) == 1


def test_a_charts_values_come_out_of_terraform_as_they_were_given(tmp_path: Path) -> None:
    given = {
        "shell": '${HOME} $${x} %{ if } {{ .Values.x }} "quoted" \\ text',
        "nested": {"list": [1, 0.5, None, True, {"é😀\x7f": "\n"}]},
    }
    name = 'of "another"\nresource'

    def values(stack: TerraformStack) -> str:
        known = DataResource(stack, "known", input={"name": name})
        token = Token.as_string(known.interpolation_for_attribute("output.name"))
        return release_values(given | {"token": f"{token}, ${{HOME}}"})

    assert json.loads(applied_output(tmp_path, values)) == given | {"token": f"{name}, ${{HOME}}"}


def test_polyaxons_runs_keep_what_they_make_in_the_artifact_store_or_else_on_a_volume(
    bare: Settings, service: Service, synthesise: Synthesise
) -> None:
    services = service("echo", ("polyaxon",))
    on_aks = load_settings("aks-dev").model_copy(update={"services": {}})

    gke = synthesise(bare, services)["gke-dev-polyaxon"]["resource"]
    aks = synthesise(on_aks, services)["aks-dev-polyaxon"]["resource"]

    (release,) = [each for each in gke["helm_release"].values() if "repository" in each]
    assert (
        '"kind": "gcs", "schema": {"bucket": "gs://modelyard-dev-gke-dev-artifacts/polyaxon"}' in release["values"][0]
    )
    granted = gke["google_storage_bucket_iam_member"]
    assert {each["member"].rpartition("/")[2] for each in granted.values()} == {
        "polyaxon-polyaxon-agent-sa",
        "polyaxon-polyaxon-runs-sa",
    }
    assert {f"google_storage_bucket_iam_member.{id_}" for id_ in granted} < set(release["depends_on"])
    claims = {each["metadata"]["name"] for each in aks["kubernetes_persistent_volume_claim_v1"].values()}
    assert claims == {"polyaxon-artifacts", "polyaxon-postgresql"}
    assert len(gke["kubernetes_persistent_volume_claim_v1"]) == 1


def test_volumes_of_add_ons_are_protected_as_the_environment_is(
    bare: Settings, service: Service, synthesise: Synthesise
) -> None:
    services = service("echo", ("polyaxon",))

    def guards(settings: Settings) -> list[bool]:
        claims = synthesise(settings, services)["gke-dev-polyaxon"]["resource"]["kubernetes_persistent_volume_claim_v1"]
        return ["lifecycle" in each for each in claims.values()]

    assert guards(bare) == [False]
    assert guards(bare.model_copy(update={"protection_lifted": None})) == [True]


def test_the_documented_add_on_is_one(bare: Settings, service: Service, add_on: Path, synthesise: Synthesise) -> None:
    _, example, _ = re.findall(
        "^```python\n(.*?)^```", (ROOT / "docs" / "add-ons.md").read_text(), re.MULTILINE | re.DOTALL
    )
    (add_on / "stack.py").write_text(example)

    stack = synthesise(with_add_ons(bare), service("echo", ("data-workflows",)))["gke-dev-data-workflows"]

    assert resource(stack, "helm_release")["chart"] == "argo-workflows"
