"""Manifests in Helm releases: what is refused, what stands in Terraform's configuration, what Terraform makes of it."""

import datetime
import json
import math
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import modelyard.helm_release
from modelyard import ConfigurationError, Manifests, NodeCapacity
from modelyard.kubeconfig import KubeconfigClusterRef
from modelyard.manifest_checks import checked
from modelyard.manifest_text import chart_values
from modelyard.service_scope import ServiceScope

import pytest
from cdktf import App, DataResource, TerraformStack, Token

from stacks.app import build_app
from stacks.environments import environment_names, load_settings
from stacks.paths import ROOT
from stacks.settings import Settings
from tests.conftest import Synthesise, resource
from tests.terraform_output import applied_output

NODE = NodeCapacity(machine_type="n", cpu_millicores=940, memory_mebibytes=2780, arithmetic="")
Manifest = dict[str, Any]


def object_of(kind: str = "ConfigMap", **others: Any) -> Manifest:  # noqa: ANN401 - any of a manifest's values
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "settings"}} | others


def trial(name: str, **spec: Any) -> Manifest:  # noqa: ANN401 - any of a manifest's values
    return {"apiVersion": "example.com/v1", "kind": "Trial", "metadata": {"name": name}, "spec": spec}


DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "trials.example.com"},
    "spec": {"group": "example.com", "names": {"kind": "Trial", "plural": "trials"}},
}


def scope(app: App | None = None) -> ServiceScope:
    cluster = KubeconfigClusterRef(context="test", capacity=NODE)
    return ServiceScope(app or App(), "test-echo", environment="test", service_name="echo", cluster=cluster)


def declared(*manifests: Manifest, name: str = "objects") -> Manifest:
    """The only helm_release of a stack with these manifests."""
    stack = scope()
    Manifests(stack, "objects", name=name, namespace="echo", manifests=manifests)
    return resource(stack.to_terraform(), "helm_release")


def carried(values: str) -> Manifest:
    """The manifest in a document of the chart's values."""
    (text,) = json.loads(values)["manifests"].values()
    return dict(json.loads(text))


@pytest.mark.parametrize(
    ("manifest", "said", "place"),
    [
        (object_of(apiVersion=""), "apiVersion = ''", "manifests[1]"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "kind is missing", "manifests[1]"),
        (object_of(metadata={"generateName": "a-"}), "metadata.name is missing", "manifests[1]"),
        (object_of(metadata="a"), "metadata.name is missing", "manifests[1]"),
        (object_of(metadata={"name": 5}), "metadata.name = 5", "manifests[1]"),
        (object_of("List", items=[]), "kind List is no object but a list", "manifests[1]"),
        (object_of("ConfigMapList", items=[]), "kind ConfigMapList is no object but a list", "manifests[1]"),
        (object_of(metadata={"name": "a", "namespace": "other"}), "metadata.namespace = 'other'", "manifests[1]"),
        (object_of("Secret", data={}), "Secret 'settings': what is in it would stand in plans", "manifests[1]"),
        (object_of("Secret", stringData={"a": "b"}), "Terraform's state", "manifests[1]"),
        (object_of(data={"on": datetime.date(2026, 11, 21)}), "of type date", "manifests[1].data.on"),
        (object_of(data=[1, {2}]), "of type set", "manifests[1].data[1]"),
        (object_of(data={"a": {1: "b"}}), "the key 1 is of type int", "manifests[1].data.a"),
        (object_of(data=math.nan), "nan of type float cannot stand in a manifest", "manifests[1].data"),
        (object_of(data=[math.nan]), "nan of type float cannot stand in a manifest", "manifests[1].data[0]"),
        (object_of(data=-math.inf), "-inf of type float cannot stand in a manifest", "manifests[1].data"),
        (object_of(data=2**63), "9223372036854775808 of type int", "manifests[1].data"),
        (object_of(data=App), "of type JSIIMeta", "manifests[1].data"),
        ("text", "'text' is no manifest", "manifests[1]"),
        (trial("a"), "Trial 'a' is the same object as manifests[0]", "manifests[1]"),
        (trial("a") | {"apiVersion": "example.com/v2"}, "the same object", "manifests[1]"),
    ],
)
def test_what_cannot_be_released_is_refused_with_its_place(manifest: Manifest, said: str, place: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        declared(trial("a"), manifest, name="trials")

    assert said in error.value.what
    assert error.value.where == f"release 'trials': {place}"
    assert error.value.mend


@pytest.mark.parametrize(
    "manifest",
    [
        object_of(metadata={"name": "a", "namespace": "echo"}),
        object_of("Secret", type="kubernetes.io/service-account-token"),
        object_of("Secret", apiVersion="store.example.com/v1", data={}),
        object_of("AllowList"),
        trial("a") | {"apiVersion": "other.example.com/v1"},
    ],
)
def test_what_only_looks_like_it_is_taken(manifest: Manifest) -> None:
    assert declared(trial("a"), manifest)


def test_an_object_beside_the_definition_of_its_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)manifests\[0\].*Trial 'a'.*release of its own.*depends_on"):
        declared(trial("a"), DEFINITION)


def test_a_release_that_helm_could_not_keep_is_refused() -> None:
    noise = random.Random(1).randbytes(700_000).hex()  # noqa: S311 - the same in each run

    assert declared(object_of(data={"noise": noise[:200_000], "one sign": "x" * 1_000_000}))
    with pytest.raises(ConfigurationError, match=r"release 'objects'(?s:.)*a Secret, which holds 1048576"):
        declared(object_of(data={"noise": noise}))


def test_a_release_name_that_helm_does_not_take_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="54 characters, 53 are allowed"):
        declared(object_of(), name="a" * 54)


def test_objects_get_the_labels_of_their_service_where_they_have_none_of_that_name() -> None:
    own = {"app.kubernetes.io/name": "mine", "tier": "back"}
    values = declared(object_of(), object_of(metadata={"name": "b", "labels": own}))["values"]

    assert [carried(each)["metadata"]["labels"] for each in values] == [
        # managed-by is Helm's to write.
        {"app.kubernetes.io/name": "echo", "app.kubernetes.io/part-of": "test"},
        {"app.kubernetes.io/name": "mine", "app.kubernetes.io/part-of": "test", "tier": "back"},
    ]


def test_a_failed_release_is_taken_back_and_waits_for_what_it_depends_on() -> None:
    stack = scope()
    kinds = Manifests(stack, "kinds", name="kinds", namespace="echo", manifests=[DEFINITION])
    Manifests(stack, "trials", name="trials", namespace="echo", manifests=[trial("a")], depends_on=[kinds.release])

    releases = {each["name"]: each for each in stack.to_terraform()["resource"]["helm_release"].values()}
    assert releases["kinds"]["atomic"] is releases["trials"]["atomic"] is True
    assert releases["trials"]["depends_on"] == [f"helm_release.{kinds.release.friendly_unique_id}"]


# What has a meaning for Terraform, cdktf, YAML, Helm or JSON, beside what Python and Go write differently.
LITERALS: Manifest = {
    "argo": "{{inputs.parameters.x}} {{- `q` -}} {{/* no comment */}}",
    "shell": '${HOME} $${x} $$${y} $ $$ ${ } }} ${"$"} echo $(date) %{ if } %%{x} %{',
    "yaml": "a: b\n---\n- |\n  c\r\n\t# d\n...\n",
    "signs": "\\ \" ' ` < > & \0 \x07 \x7f \x85 \u2028 \ufeff 😀 é",
    "words": ["yes", "no", "on", "null", "~", "00012", "1e3", "0x1F", "2026-11-21", "", " ", "="],
    "numbers": [0, -1, 1000000, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63) + 1, 0.1, 1.5e-7, 1e21],
    "none": None,
    "flags": [True, False],
    "empty": [{}, [], "", {"": {}}],
    "${key} {{key}} \n": {"nested": [[[{"a": [None, {}]}]]]},
    "$": "$",
    "%": "%",
}


Declare = Callable[[TerraformStack], Manifest]


@pytest.fixture
def out_of_terraform(tmp_path: Path) -> Callable[[Declare], Manifest]:
    """What Terraform hands to Helm of a manifest."""

    def apply(declare: Declare) -> Manifest:
        def values(stack: TerraformStack) -> str:
            (manifest,) = checked([declare(stack)], release="objects", namespace="echo")
            return chart_values(manifest)

        return carried(applied_output(tmp_path, values))

    return apply


def test_everything_comes_out_of_terraform_as_it_was_given(out_of_terraform: Callable[[Declare], Manifest]) -> None:
    assert out_of_terraform(lambda _: object_of() | LITERALS) == object_of() | LITERALS


def test_tokens_stand_anywhere_in_a_manifest(out_of_terraform: Callable[[Declare], Manifest]) -> None:
    text = 'a "quoted" \\ text\nof {{lines}} ${x} 😀\n"'
    given = {"text": text, "list": ["a", "b"], "count": 3, "flag": False}

    def with_tokens(stack: TerraformStack) -> Manifest:
        # What cdktf hands on as it is, Terraform takes for a template.
        known = DataResource(stack, "known", input=given | {"text": text.replace("${", "$${")})
        inner = Token.as_string(known.interpolation_for_attribute("output.text"))
        count = Token.as_string(known.interpolation_for_attribute("output.count"))
        number = Token.as_number(known.interpolation_for_attribute("output.count"))
        return object_of() | {
            "whole": inner,
            "inside": [f"$%{inner}{{{inner}}} ${{HOME}} ${{", LITERALS, f"{count}{inner}"],
            "list": known.interpolation_for_attribute("output.list"),
            "count": number,
            "counts": [[number], [number, 0.5], (number, inner)],
            "texts": Token.as_list(known.interpolation_for_attribute("output.list")),
            "map": Token.as_any_map(known.interpolation_for_attribute("output")),
        }

    assert out_of_terraform(with_tokens) == object_of() | {
        "whole": text,
        "inside": [f"$%{text}{{{text}}} ${{HOME}} ${{", LITERALS, f"3{text}"],
        "list": ["a", "b"],
        "count": 3,
        "counts": [[3], [3, 0.5], [3, text]],
        "texts": ["a", "b"],
        "map": given,
    }


SERVICE = """
from modelyard import Manifests, add_namespace

from stacks.service import ServiceStack


class Settings(ServiceStack):
    def declare(self) -> None:
        namespace = add_namespace(self, "namespace", service=self).metadata.name
        settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "{{b}}"}}
        Manifests(self, "one", name="one", namespace=namespace, manifests=[settings])
        settings = settings | {"metadata": {"name": "others"}}
        Manifests(self, "two", name="two", namespace=namespace, manifests=[settings])
"""


@pytest.fixture
def services(tmp_path: Path) -> Path:
    """A folder with one service, `settings`."""
    folder = tmp_path / "services" / "settings"
    folder.mkdir(parents=True)
    (folder / "service.py").write_text(SERVICE)
    return folder.parent


@pytest.mark.parametrize("environment", environment_names())
def test_helm_goes_the_way_of_the_kubernetes_provider_in_every_service(
    environment: str, synthesise: Synthesise
) -> None:
    providers = [stack["provider"] for stack in synthesise(load_settings(environment)).values()]
    of_services = [each for each in providers if "kubernetes" in each]

    assert of_services
    for each in of_services:
        (kubernetes,), (helm,) = each["kubernetes"], each["helm"]
        if "exec" in kubernetes:
            kubernetes = kubernetes | {"exec": kubernetes["exec"][0]}
        assert helm == {"kubernetes": kubernetes}


def test_the_documented_service_is_one(services: Path, settings: Settings, synthesise: Synthesise) -> None:
    (example,) = re.findall(
        "^```python\n(.*?)^```", (ROOT / "docs" / "manifests.md").read_text(), re.MULTILINE | re.DOTALL
    )
    (services / "settings" / "service.py").write_text(example)
    (services / "settings" / "runtime").mkdir()
    (services / "settings" / "runtime" / "Dockerfile").write_text("FROM scratch\n")

    stack = synthesise(settings.model_copy(update={"services": {}}), services)["gke-dev-settings"]

    (values,) = resource(stack, "helm_release")["values"]
    assert "{{inputs.parameters.trees}}" in values


def test_the_chart_lies_beside_the_stack_by_the_hash_of_its_content(
    services: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = settings.model_copy(update={"services": {}})

    def synthesised(folder: str) -> tuple[str, Path]:
        out = tmp_path / folder
        build_app(bare, services=services, outdir=str(out)).synth()
        file = out / "stacks" / "gke-dev-settings" / "cdk.tf.json"
        return file.read_text(), file.parent

    here, stack = synthesised("here")
    releases = json.loads(here)["resource"]["helm_release"].values()
    for release in releases:
        assert (stack / release["chart"] / "Chart.yaml").is_file()
    assert str(ROOT) not in here
    # The same on another machine.
    assert synthesised("there")[0] == here

    changed = shutil.copytree(ROOT / "charts", tmp_path / "charts")
    (changed / "manifests" / "templates" / "manifests.yaml").write_text("{{ fail `changed` }}")
    monkeypatch.setattr(modelyard.helm_release, "_CHARTS", changed)
    charts = {each["chart"] for each in json.loads(synthesised("changed")[0])["resource"]["helm_release"].values()}
    assert charts.isdisjoint(release["chart"] for release in releases)
