"""Manifests through Helm on a real cluster: `modelyard up`, the real providers, a kind that nobody knew before."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from terraform_cli.call import terraform
from tests.conftest import Command
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import Local, kill, kubectl, wait_until
from tests.test_manifests import LITERALS

Manifest = dict[str, Any]

NAMESPACE = "charts-e2e"
GROUP = "charts-e2e.modelyard.example"
TRIALS = f"trials.{GROUP}"
SERVICE = """
import json
from pathlib import Path

from modelyard import Manifests, add_namespace

from stacks.service import ServiceStack


class Trials(ServiceStack):
    def declare(self) -> None:
        given = json.loads(Path(__file__).with_name("manifests.json").read_text())
        namespace = add_namespace(self, "namespace", service=self).metadata.name
        where = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "where"},
            "data": {"namespace": namespace, "text": f'"{namespace}" ${HOME} {{{{x}}}}'},
        }
        kinds = Manifests(self, "kinds", name="kinds", namespace=namespace, manifests=[given["kind"]])
        Manifests(
            self,
            "trials",
            name="trials",
            namespace=namespace,
            manifests=[where, *given["trials"]],
            depends_on=[kinds.release],
        )
        for name, more in given["more"].items():
            Manifests(self, name, name=name, namespace=namespace, manifests=more, depends_on=[kinds.release])
""".replace("${HOME}", "${{HOME}}")
WITHOUT_RELEASES = """
from modelyard import add_namespace

from stacks.service import ServiceStack


class Trials(ServiceStack):
    def declare(self) -> None:
        add_namespace(self, "namespace", service=self)
"""
KIND = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": TRIALS},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": "Trial", "plural": "trials", "singular": "trial"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": True,
                                "properties": {"parallel": {"type": "integer", "maximum": 5}},
                            }
                        },
                    }
                },
            }
        ],
    },
}


def deployment(*, replicas: int) -> Manifest:
    """With a replica it never gets ready, since its namespace lets no such pod in."""
    containers = [{"name": "stuck", "image": "localhost/nobody/made:this"}]
    template = {"metadata": {"labels": {"app": "stuck"}}, "spec": {"containers": containers}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "stuck"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "stuck"}, "spec": spec}


def trial(name: str, **spec: Any) -> Manifest:  # noqa: ANN401 - any of a manifest's values
    return {"apiVersion": f"{GROUP}/v1", "kind": "Trial", "metadata": {"name": name}, "spec": spec}


def write(checkout: Path, *trials: Manifest, more: dict[str, list[Manifest]] | None = None) -> None:
    """The service `charts_e2e` with these trials, and other releases of these names."""
    folder = checkout / "services" / "charts_e2e"
    folder.mkdir(exist_ok=True)
    (folder / "service.py").write_text(SERVICE)
    given = {"kind": KIND, "trials": trials, "more": more or {}}
    (folder / "manifests.json").write_text(json.dumps(given))


class Node(Local):
    """The environment `local` with one service, `charts_e2e`."""

    @property
    def stack(self) -> Path:
        return self.checkout / "cdktf.out" / "stacks" / f"local-{NAMESPACE}"

    def up(self, *trials: Manifest, more: dict[str, list[Manifest]] | None = None) -> str:
        """What is printed of a deploy that goes well."""
        write(self.checkout, *trials, more=more)
        done = self.modelyard("up", "local")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *trials: Manifest, more: dict[str, list[Manifest]] | None = None) -> str:
        """What is said of a deploy that must fail, on one line."""
        write(self.checkout, *trials, more=more)
        done = self.modelyard("up", "local")
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr
        return " ".join(done.stderr.split())

    def plan(self) -> str:
        return terraform(self.stack, self.variables, "plan", "-input=false")

    def kubectl(self, *arguments: str) -> str:
        return kubectl(self.variables["KUBECONFIG"], *arguments)

    def get(self, kind: str, name: str) -> Manifest:
        return dict(json.loads(self.kubectl("get", "-n", NAMESPACE, kind, name, "-o", "json")))

    def release(self, kind: str, name: str) -> None:
        """Takes the finalizers away that keep an object from going."""
        without = json.dumps({"metadata": {"finalizers": None}})
        self.kubectl("patch", "-n", NAMESPACE, kind, name, "--type=merge", f"--patch={without}")

    def written(self, manifest: Manifest) -> str:
        """The path of a file with it."""
        file = self.checkout / "manifest.json"
        file.write_text(json.dumps(manifest))
        return str(file)

    def names(self, kind: str) -> list[str]:
        return self.kubectl("get", kind, "-n", NAMESPACE, "-o", "jsonpath={.items[*].metadata.name}").split()


@pytest.fixture(scope="module")
def node(local: Local) -> Iterator[Node]:
    """With nothing deployed yet; what the tests have left is removed."""
    node = Node(local.checkout, local.variables)
    (node.checkout / "services" / "image_classifier").rename(node.checkout / "without_image_classifier")
    file = node.checkout / "environments" / "local.toml"
    file.write_text(tomlkit.dumps(tomlkit.parse(file.read_text()) | {"services": {}}))
    yield node
    node.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    node.kubectl("delete", "crd", TRIALS, "--ignore-not-found")


@pytest.fixture
def deployed(node: Node) -> Node:
    """With the trial `first`, of whatever the tests before have made."""
    node.up(trial("first", literals=LITERALS))
    return node


def test_objects_of_a_kind_that_does_not_exist_yet_are_planned_and_made_in_one_go(node: Node, proof: Proof) -> None:
    assert GROUP not in node.kubectl("get", "crd", "-o", "name")

    node.up(trial("first", literals=LITERALS), trial("second"))

    assert node.names(TRIALS) == ["first", "second"]
    assert "No changes" in node.plan()
    proof("a CRD and two objects of its kind, unknown to the cluster at plan time: one deploy, second plan empty")


def test_the_api_server_gives_back_what_was_given(deployed: Node, proof: Proof) -> None:
    first = deployed.get(TRIALS, "first")

    assert first["spec"] == {"literals": LITERALS}
    assert first["spec"]["literals"]["numbers"][2:6] == [1000000, 2147483648, 9007199254740992, 9007199254740993]
    assert first["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/name": NAMESPACE,
        "app.kubernetes.io/part-of": "local",
    }
    where = deployed.get("configmap", "where")["data"]
    assert where == {"namespace": NAMESPACE, "text": f'"{NAMESPACE}" ${{HOME}} {{{{x}}}}'}
    proof(f"{len(LITERALS)} fields with braces, dollars, large numbers, null and emoji came back as they were given")


def test_a_changed_manifest_changes_its_object_in_place(deployed: Node) -> None:
    before = deployed.get(TRIALS, "first")["metadata"]["uid"]

    deployed.up(trial("first", parallel=3), trial("third"))

    changed = deployed.get(TRIALS, "first")
    assert (changed["metadata"]["uid"], changed["spec"]) == (before, {"parallel": 3})
    assert deployed.names(TRIALS) == ["first", "third"]
    assert "No changes" in deployed.plan()


def test_what_the_api_refuses_is_told_and_taken_back_and_the_next_deploy_mends_it(node: Node, proof: Proof) -> None:
    reason = "spec.parallel in body should be less than or equal to 5"
    node.up(trial("first", parallel=2, argo=LITERALS["argo"]))
    before = node.get(TRIALS, "first")

    assert reason in node.refused(trial("another"), trial("first", parallel=9), trial("zebra"))
    assert node.names(TRIALS) == ["first"]
    assert node.get(TRIALS, "first")["spec"] == before["spec"]

    node.up(trial("first", parallel=4))
    changed = node.get(TRIALS, "first")
    assert (changed["metadata"]["uid"], changed["spec"]) == (before["metadata"]["uid"], {"parallel": 4})
    assert "No changes" in node.plan()
    proof(f"a change that the API refuses fails with its words ({reason}), leaves what was there; the next is applied")


def test_a_first_release_that_fails_leaves_neither_objects_nor_a_name_in_use(deployed: Node) -> None:
    first = trial("first", literals=LITERALS)

    assert "less than or equal to 5" in deployed.refused(first, more={"more": [trial("a"), trial("b", parallel=9)]})
    assert deployed.names(TRIALS) == ["first"]

    deployed.up(first, more={"more": [trial("a"), trial("b", parallel=5)]})
    assert deployed.names(TRIALS) == ["a", "b", "first"]


def kill_a_deploy(node: Node, step: str) -> None:
    """While Helm is at the first step of the release `killed`, or at another one."""
    first = trial("first", literals=LITERALS)
    if step == "upgrade":
        node.up(first, more={"killed": [trial("a")]})
    write(node.checkout, first, more={"killed": [trial("a"), deployment(replicas=1)]})
    with node.modelyard_under_way("up", "local") as running:
        wait_until("there is a Deployment", lambda: node.names("deployments"))
        kill(running)


GOOD = {"killed": [trial("a"), trial("b"), deployment(replicas=0)]}


@pytest.mark.parametrize("step", ["install", "upgrade"])
def test_a_deploy_killed_while_helm_worked_is_continued_by_the_next(deployed: Node, step: str, proof: Proof) -> None:
    first = trial("first", literals=LITERALS)
    kill_a_deploy(deployed, step)

    printed = deployed.up(first, more=GOOD)

    assert f"is begun again: the Helm release {NAMESPACE}/killed, pending-{step}" in printed
    assert deployed.names(TRIALS) == ["a", "b", "first"]
    assert "No changes" in deployed.plan()
    deployed.up(first)
    assert (deployed.names(TRIALS), deployed.names("deployments")) == (["first"], [])
    proof(f"a deploy killed in the middle of Helm's {step}: continued by the next one, second plan empty")


def test_a_deploy_killed_while_helm_removed_a_release_is_continued_by_the_next(deployed: Node, proof: Proof) -> None:
    first, held = trial("first", literals=LITERALS), trial("held")
    held["metadata"]["finalizers"] = [f"{GROUP}/held"]
    deployed.up(first, more={"killed": [held, trial("a")]})
    write(deployed.checkout, first)
    with deployed.modelyard_under_way("up", "local") as running:
        wait_until("something is to go", lambda: "deletionTimestamp" in deployed.get(TRIALS, "held")["metadata"])
        kill(running)
    deployed.release(TRIALS, "held")

    printed = deployed.up(first, more={"killed": [trial("held"), trial("a")]})

    assert f"is begun again: the Helm release {NAMESPACE}/killed, uninstalling" in printed
    assert deployed.names(TRIALS) == ["a", "first", "held"]
    assert "No changes" in deployed.plan()
    deployed.up(first)
    assert deployed.names(TRIALS) == ["first"]
    proof("a deploy killed while Helm removed a release: the next one brings it back, another one removes it")


def test_what_is_wanted_again_while_its_namespace_still_goes_comes_back(deployed: Node, proof: Proof) -> None:
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": [f"{GROUP}/held"]}}
    deployed.kubectl("apply", "-n", NAMESPACE, "-f", deployed.written(held))
    with deployed.modelyard_under_way("teardown", "local") as running:
        wait_until("it goes", lambda: "Terminating" in deployed.kubectl("get", "namespace", NAMESPACE))
        kill(running)
    with deployed.modelyard_under_way("up", "local") as running:
        told = next((line for line in running.stdout if "tries again in" in line), "")
        deployed.release("configmap", "held")
        _, errors = running.communicate(timeout=300)

    assert running.returncode == 0, errors
    assert "because it is being terminated" in told
    assert deployed.names(TRIALS) == ["first"]
    assert "No changes" in deployed.plan()
    proof("a teardown killed while the namespace went: the next deploy waits for that, and makes it anew")


@pytest.mark.parametrize("step", ["install", "upgrade"])
def test_a_teardown_after_a_deploy_killed_while_helm_worked_leaves_nothing(
    deployed: Node, step: str, proof: Proof
) -> None:
    kill_a_deploy(deployed, step)

    done = deployed.modelyard("teardown", "local")

    assert done.returncode == 0, done.stderr
    assert f"namespace/{NAMESPACE}" not in deployed.kubectl("get", "namespaces", "-o", "name").split()
    assert TRIALS not in deployed.kubectl("get", "crd", "-o", "name")
    proof(f"a deploy killed in the middle of Helm's {step}: a teardown leaves nothing of it")


@pytest.mark.parametrize(
    ("step", "message"),
    [("install", "cannot re-use a name that is still in use"), ("upgrade", "another operation (install/upgrade/")],
)
def test_one_killed_on_another_machine_is_mended_by_the_documented_command(
    deployed: Node, step: str, message: str, proof: Proof
) -> None:
    first = trial("first", literals=LITERALS)
    kill_a_deploy(deployed, step)
    if step == "install":
        shutil.rmtree(deployed.checkout / ".modelyard" / "local" / "runs")
    else:
        # Something was cut off here as well, but nothing was at work when Helm wrote that.
        dated = ["createdAt=1700000000", "modifiedAt=1700000000"]
        deployed.kubectl("label", "secrets", "-n", NAMESPACE, "-l", "name=killed", *dated, "--overwrite")

    assert message in deployed.refused(first, more=GOOD)
    documented = (deployed.checkout / "docs" / "manifests.md").read_text()
    command = re.findall(rf"`{re.escape(message)}.*?^(kubectl .*?)$", documented, re.MULTILINE | re.DOTALL)[0]
    command = command.replace("NAMESPACE", NAMESPACE).replace("RELEASE", "killed")
    assert deployed.kubectl(*shlex.split(command)[1:]).count("deleted") == 1

    deployed.up(first, more=GOOD)
    assert deployed.names(TRIALS) == ["a", "b", "first"]
    deployed.up(first)
    assert (deployed.names(TRIALS), deployed.names("deployments")) == (["first"], [])
    proof(f"a deploy killed elsewhere in the middle of Helm's {step} is mended by one documented command")


def test_who_loses_the_last_release_loses_its_objects_and_may_have_it_again(deployed: Node, proof: Proof) -> None:
    (deployed.checkout / "services" / "charts_e2e" / "service.py").write_text(WITHOUT_RELEASES)

    done = deployed.modelyard("up", "local")

    assert done.returncode == 0, done.stderr
    assert GROUP not in deployed.kubectl("get", "crd", "-o", "name")
    assert "where" not in deployed.names("configmaps")
    deployed.up(trial("first"))
    assert deployed.names(TRIALS) == ["first"]
    proof("a service's last release goes with its objects, and may come back")


def test_down_removes_objects_kind_and_namespace(deployed: Node) -> None:
    done = deployed.modelyard("teardown", "local")

    assert done.returncode == 0, done.stderr
    assert GROUP not in deployed.kubectl("get", "crd", "-o", "name")
    assert f"namespace/{NAMESPACE}" not in deployed.kubectl("get", "namespaces", "-o", "name").split()
    state = json.loads((deployed.checkout / f"terraform.local-{NAMESPACE}.tfstate").read_text())
    assert state["resources"] == []


@pytest.mark.parametrize("environment", ["gke-dev", "aks-dev"])
def test_manifests_are_rehearsed_on_simulated_providers(
    environment: str, checkout: Path, modelyard_command: Command
) -> None:
    write(checkout, trial("first", literals=LITERALS))

    done = modelyard_command("rehearse", environment)

    assert done.returncode == 0, done.stderr
    assert f"✓ {environment}-{NAMESPACE}  3 resources" in done.stdout
    assert "planned again: no change" in done.stdout
    assert "destroyed: 0 left" in done.stdout
    checked = modelyard_command("policies", environment)
    assert checked.returncode == 0, checked.stdout + checked.stderr
