"""Secrets that a real cluster makes itself, through `modelyard up` and Helm's real provider."""

import base64
import json
import re
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import Local, kubectl

NAMESPACE = "secrets-e2e"
SERVICE = """
from modelyard import GeneratedSecret, add_namespace

from stacks.service import ServiceStack


class Login(ServiceStack):
    def declare(self) -> None:
        namespace = add_namespace(self, "namespace", service=self).metadata.name
        GeneratedSecret(self, "login", name="login", namespace=namespace, keys=KEYS, revision=REVISION)
"""


class Node(Local):
    """The environment `local` with one service, `secrets_e2e`."""

    def write(self, *keys: str, revision: int) -> None:
        folder = self.checkout / "services" / "secrets_e2e"
        folder.mkdir(exist_ok=True)
        text = SERVICE.replace("KEYS", repr(list(keys))).replace("REVISION", str(revision))
        (folder / "service.py").write_text(text)

    def up(self, *keys: str, revision: int) -> dict[str, str]:
        """The Secret's values after a deploy."""
        self.write(*keys, revision=revision)
        done = self.modelyard("up", "local")
        assert done.returncode == 0, done.stderr
        return self.values()

    def values(self) -> dict[str, str]:
        printed = kubectl(self.variables["KUBECONFIG"], "get", "secret", "login", "-n", NAMESPACE, "-o", "json")
        data: dict[str, str] = json.loads(printed).get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def written(self) -> str:
        """All that Terraform and cdktf have written into the checkout."""
        files = [*self.checkout.glob("*.tfstate*"), *self.checkout.glob("*.log")]
        files += [each for each in (self.checkout / "cdktf.out").rglob("*") if each.is_file() and not each.is_symlink()]
        return "".join(each.read_text(errors="replace") for each in files if "providers" not in each.parts)


@pytest.fixture
def node(local_with: Callable[[str], Local]) -> Iterator[Node]:
    """With nothing deployed."""
    local = local_with("none of them")
    node = Node(local.checkout, local.variables)
    yield node
    kubectl(node.variables["KUBECONFIG"], "delete", "namespace", NAMESPACE, "--ignore-not-found")


def test_values_are_made_in_the_cluster_kept_and_rotated(node: Node, proof: Proof) -> None:
    first = node.up("password", "token", revision=1)
    assert all(re.fullmatch("[A-Za-z0-9]{40}", value) for value in first.values())
    assert len(set(first.values())) == len(first) == 2

    with_another_key = node.up("password", "token", "cookie", revision=1)
    assert with_another_key.items() > first.items()

    rotated = node.up("password", "token", "cookie", revision=2)
    assert rotated.keys() == with_another_key.keys()
    assert not set(rotated.values()) & set(with_another_key.values())

    written = node.written()
    assert "secrets-e2e" in written
    assert not [each for values in (first, with_another_key, rotated) for each in values.values() if each in written]
    proof(
        "generated secrets: kept by a deploy that adds a key, all new with another revision, "
        f"in none of {len(written):,} characters of state, configuration and log"
    )


def test_a_secret_of_somebody_else_is_left_alone(node: Node) -> None:
    kubeconfig = node.variables["KUBECONFIG"]
    node.up("password", revision=1)
    kubectl(kubeconfig, "create", "secret", "generic", "other", "-n", NAMESPACE, "--from-literal=password=theirs")
    file = node.checkout / "services" / "secrets_e2e" / "service.py"
    file.write_text(file.read_text().replace('name="login"', 'name="other"'))

    done = node.modelyard("up", "local")

    assert done.returncode == 1
    assert 'Secret "other"' in " ".join(done.stderr.split())
    left = kubectl(kubeconfig, "get", "secret", "other", "-n", NAMESPACE, "-o", "jsonpath={.data.password}")
    assert base64.b64decode(left).decode() == "theirs"
