"""The add-on KServe: what is deployed in which order, what is refused. tests/e2e runs it."""

import json
from pathlib import Path
from typing import Any

from modelyard import ConfigurationError
from modelyard.manifest_checks import checked
from modelyard.waiting_job import waiting_job

import pytest

from stacks.add_ons import add_ons_settings
from stacks.add_ons.kserve.serving_runtime import LIBRARIES_ANNOTATION, pinned_libraries
from stacks.app import build_app
from stacks.paths import ROOT
from stacks.services import build_contexts
from stacks.settings import Settings
from tests.conftest import Stacks, Synthesise

SERVICE = """
from stacks.service import ServiceStack


class Models(ServiceStack):
    requires = ("kserve",)

    def declare(self) -> None:
        pass
"""
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that requires KServe."""
    folder = tmp_path_factory.mktemp("services")
    (folder / "models").mkdir()
    (folder / "models" / "service.py").write_text(SERVICE)
    return folder


def environment(settings: Settings, **kserve: object) -> Settings:
    """Of this service alone, with these keys of the add-on."""
    add_ons = add_ons_settings().model_validate({"kserve": kserve})
    return settings.model_copy(update={"services": {}, "add_ons": add_ons})


@pytest.fixture(scope="module")
def synthesised(settings: Settings, services: Path, synthesise: Synthesise) -> Stacks:
    return synthesise(environment(settings), services)


def releases(stacks: Stacks) -> dict[str, Manifest]:
    """The add-on's, by their construct's id."""
    found = stacks["gke-dev-kserve"]["resource"]["helm_release"]
    return {id_.partition("_release_")[0]: each for id_, each in found.items()}


def waits_for(release: Manifest) -> set[str]:
    """The ids of the releases that come before it."""
    return {each.removeprefix("helm_release.").partition("_release_")[0] for each in release.get("depends_on", [])}


def test_charts_come_before_what_they_define_and_the_runtime_after_the_webhooks_answer(synthesised: Stacks) -> None:
    found = releases(synthesised)

    assert {id_: waits_for(each) for id_, each in found.items()} == {
        "rules": set(),
        "kinds": set(),
        "cert_manager_rules": set(),
        "cert_manager": {"cert_manager_rules"},
        "controller": {"rules", "kinds", "cert_manager"},
        "webhooks": {"controller"},
        "runtime": {"webhooks"},
    }
    assert [id_ for id_, each in found.items() if each.get("wait_for_jobs")] == ["webhooks"]


def test_cert_manager_is_left_out_where_the_cluster_has_it(
    settings: Settings, services: Path, synthesise: Synthesise
) -> None:
    without = synthesise(environment(settings, cert_manager=False), services)

    assert releases(without).keys() == {"rules", "kinds", "controller", "webhooks", "runtime"}
    namespaces = without["gke-dev-kserve"]["resource"]["kubernetes_namespace_v1"].values()
    assert [each["metadata"]["name"] for each in namespaces] == ["kserve"]


def test_the_runtimes_image_is_built_pushed_and_looked_for_as_services_are(
    settings: Settings, services: Path, synthesised: Stacks, tmp_path: Path
) -> None:
    (context,) = build_contexts(build_app(environment(settings), services=services, outdir=str(tmp_path)))

    assert context.folder == ROOT / "stacks" / "add_ons" / "kserve" / "runtime"
    assert context.image in releases(synthesised)["runtime"]["values"][0]


def test_who_saves_a_model_can_see_what_will_load_it(synthesised: Stacks, tmp_path: Path) -> None:
    (manifest,) = json.loads(releases(synthesised)["runtime"]["values"][0])["manifests"].values()
    (requirements := tmp_path / "requirements.txt").write_text(
        "numpy==2.3.5 \\\n    --hash=sha256:0a\nonnxruntime==1.23.2 \\\n    --hash=sha256:0b\n    # via x==1\n"
        "scikit-learn==1.7.2\nskops==0.13.0 ; python_version > '3'\nxgboost-cpu==3.1.1\n"
    )

    assert pinned_libraries(requirements) == {
        "onnxruntime": "1.23.2",
        "scikit-learn": "1.7.2",
        "skops": "0.13.0",
        "xgboost": "3.1.1",
    }
    libraries = json.loads(manifest)["metadata"]["annotations"][LIBRARIES_ANNOTATION]
    assert json.loads(libraries).keys() == {"onnxruntime", "scikit-learn", "skops", "xgboost"}


def test_a_runtime_that_does_not_say_what_it_reads_models_with_is_refused(tmp_path: Path) -> None:
    (requirements := tmp_path / "requirements.txt").write_text(
        "scikit-learn>=1.7\nskops==0.13.0\nonnxruntime==1.23.2\n"
    )

    with pytest.raises(ConfigurationError, match="no version of scikit-learn, xgboost, which"):
        pinned_libraries(requirements)


def model(annotations: dict[str, str] | None = None, **spec: object) -> Manifest:
    metadata = {"name": "iris", "annotations": annotations or {}}
    kinds = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService"}
    return {**kinds, "metadata": metadata, "spec": {"predictor": {"minReplicas": 1}, **spec}}


@pytest.mark.parametrize("component", ["predictor", "transformer", "explainer"])
@pytest.mark.parametrize("mode", [{}, {"serving.kserve.io/deploymentMode": "Standard"}])
def test_a_canary_that_kserve_would_ignore_is_refused(component: str, mode: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as error:
        checked([model(mode, **{component: {"canaryTrafficPercent": 10}})], release="iris", namespace="iris")

    assert str(error.value).splitlines() == [
        "release 'iris': manifests[0]",
        f"  spec.{component}.canaryTrafficPercent = 10: in Standard mode KServe ignores it, and gives all traffic to "
        "the newest model at once",
        "  mend: remove it, and make the new model an InferenceService of its own, to be called beside the old one "
        "until that is removed",
    ]


@pytest.mark.parametrize(
    "manifest",
    [
        model(),
        model(predictor={"canaryTrafficPercent": None}),
        model({"serving.kserve.io/deploymentMode": "Knative"}, predictor={"canaryTrafficPercent": 10}),
        model({"serving.kserve.io/deploymentMode": "Serverless"}, predictor={"canaryTrafficPercent": 10}),
        model(predictor={"canaryTrafficPercent": 10}) | {"apiVersion": "example.com/v1"},
    ],
)
def test_what_kserve_does_not_ignore_is_taken(manifest: Manifest) -> None:
    assert checked([manifest], release="iris", namespace="iris") == [manifest]


def job(**changed: Any) -> Manifest:  # noqa: ANN401 - any argument of a waiting_job
    arguments = {"namespace": "models", "arguments": ["get", "pods"], "rules": [], **changed}
    return {each["kind"]: each for each in waiting_job("ready", **arguments)}


@pytest.mark.parametrize(
    "changed", [{"arguments": ["get", "nodes"]}, {"files": {"a.json": {"kind": "A"}}}, {"revision": "2"}]
)
def test_a_waiting_job_that_says_something_else_is_another_one(changed: dict[str, Any]) -> None:
    names = [each["Job"]["metadata"]["name"] for each in (job(), job(), job(**changed))]

    assert names[0] == names[1] != names[2]


def test_a_waiting_job_has_the_rights_that_it_was_given_and_no_others() -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    wider = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}]

    assert job(rules=rules).keys() == {"ServiceAccount", "Role", "RoleBinding", "Job"}
    made = job(rules=rules, cluster_rules=wider)
    assert (made["Role"]["rules"], made["ClusterRole"]["rules"]) == (rules, wider)
    for binding in (made["RoleBinding"], made["ClusterRoleBinding"]):
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "ready", "namespace": "models"}]
    assert made["ClusterRole"]["metadata"]["name"] == "models-ready"
    assert made["Job"]["spec"]["template"]["spec"]["serviceAccountName"] == "ready"
