"""Secrets whose values are made in the cluster: what Terraform is given. tests/e2e makes them on a real one."""

import json

from modelyard import ConfigurationError, GeneratedSecret
from modelyard.service_scope import ServiceScope

import pytest
from cdktf import App, TerraformOutput

from tests.conftest import resource
from tests.test_manifests import scope


def declared(*keys: str, revision: int = 1) -> tuple[ServiceScope, GeneratedSecret]:
    stack = scope(App())
    return stack, GeneratedSecret(
        stack, "secret", name="echo-login", namespace="echo", keys=list(keys), revision=revision
    )


def test_terraform_knows_keys_and_revision_and_no_value() -> None:
    stack, secret = declared("password", "token", revision=3)

    release = resource(stack.to_terraform(), "helm_release")

    (values,) = map(json.loads, release["values"])
    assert values == {
        "labels": {"app.kubernetes.io/name": "echo", "app.kubernetes.io/part-of": "test"},
        "annotations": {},
        "keys": ["password", "token"],
        "revision": "3",
    }
    assert secret.annotations == {"modelyard/secret-echo-login": "3"}


def test_who_uses_its_name_waits_for_it() -> None:
    stack, secret = declared("password")
    TerraformOutput(stack, "user", value=secret.name)

    configuration = stack.to_terraform()

    (release,) = configuration["resource"]["helm_release"]
    assert configuration["output"]["user"]["value"] == f"${{helm_release.{release}.name}}"


@pytest.mark.parametrize(("keys", "said"), [((), "has no keys"), (("pass word",), "'pass word' is no key")])
def test_keys_that_kubernetes_would_refuse_are_refused(keys: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        declared(*keys)
