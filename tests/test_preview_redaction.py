import base64
import json
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from preview.redaction import HIDDEN, Redactor, is_secret_place, secrets_of_environment, secrets_of_plan
from tests.plans import plan_of, resource_change

SECRETS = st.text(min_size=6, max_size=40).filter(lambda text: text.strip() == text and HIDDEN not in text)


@given(secret=SECRETS, around=st.text(max_size=20))
def test_a_known_secret_is_in_no_text(secret: str, around: str) -> None:
    redactor = Redactor([secret])

    for text in (f"{around}{secret}{around}", json.dumps({"a": secret})):
        assert secret not in redactor.text(text).replace(HIDDEN, "\0")


def test_a_known_secret_is_found_as_base64_and_in_an_address() -> None:
    redactor = Redactor(["pass/word+1"])
    encoded = base64.b64encode(b"pass/word+1").decode()

    assert redactor.text(f"a {encoded} b?p=pass%2Fword%2B1") == f"a {HIDDEN} b?p={HIDDEN}".replace(
        f"{HIDDEN} b", f"{HIDDEN}{'=' * encoded.count('=')} b"
    )


def test_a_short_value_is_left_where_it_is() -> None:
    assert Redactor(["abc"]).text("abcdef") == "abcdef"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--password=hunter2 --port=1", f"--password={HIDDEN} --port=1"),
        ("--api-key hunter2 x", f"--api-key {HIDDEN} x"),
        ("DB_TOKEN: hunter2", f"DB_TOKEN: {HIDDEN}"),
        ('{"client_secret": "hunter2"}', f'{{"client_secret": "{HIDDEN}"}}'),
        ("postgres://user:hunter2@db/x", f"postgres://{HIDDEN}@db/x"),
        ("ghp_" + "a" * 36, HIDDEN),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", HIDDEN),
        ("the secret store is there", "the secret store is there"),
        (
            "us-central1-docker.pkg.dev/p/r/iris:83c41c416ad5ac8d",
            "us-central1-docker.pkg.dev/p/r/iris:83c41c416ad5ac8d",
        ),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    assert Redactor().text(text) == shown


@pytest.mark.parametrize(
    ("type_name", "path", "is_secret"),
    [
        ("kubernetes_deployment_v1", "spec[0].template[0].spec[0].container[0].env[LEVEL].value", True),
        ("kubernetes_secret_v1", "data.anything", True),
        ("kubernetes_secret_v1", "metadata[0].name", False),
        ("helm_release", "set_sensitive[0].value", True),
        ("helm_release", "values[0]→auth.adminPassword", True),
        ("azurerm_storage_account", "primary_access_key", True),
        ("kubernetes_deployment_v1", "spec[0].template[0].spec[0].volume[0].secret[0].secret_name", False),
        ("kubernetes_service_account_v1", "automount_service_account_token", False),
        ("google_container_node_pool", "node_config[0].machine_type", False),
    ],
)
def test_places_of_secrets(type_name: str, path: str, is_secret: bool) -> None:
    assert is_secret_place(type_name, path) is is_secret


def test_a_plan_s_secrets_are_learned_by_mark_and_by_place() -> None:
    entry = resource_change(
        "kubernetes_secret_v1.a",
        before={"data": {"k": "first-secret"}, "other": {"x": "marked-secret"}},
        after={"data": {"k": "second-secret"}, "other": {"x": "marked-too"}, "name": "shown"},
        before_sensitive={"other": True},
        after_sensitive={"other": {"x": True}},
    )
    plan = plan_of(entry) | {"output_changes": {"o": {"after": "output-secret", "after_sensitive": True}}}

    assert secrets_of_plan(plan) == {"first-secret", "second-secret", "marked-secret", "marked-too", "output-secret"}


def test_secrets_in_the_json_of_a_text_and_after_a_flag_are_learned() -> None:
    values = ['{"auth": {"adminPassword": "json-secret"}, "args": ["--token", "flag-secret", "shown"]}']
    entry = resource_change("helm_release.a", before=None, after={"values": values})

    assert secrets_of_plan(plan_of(entry)) == {"json-secret", "flag-secret"}


def test_this_process_s_variables_are_secret_but_for_what_everybody_sees(tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_text('project_id = "my-project"\n')
    variables = {
        "GITHUB_TOKEN": "token-of-github",
        "TF_VAR_x": "value-of-x",
        "GOOGLE_CLOUD_PROJECT": "my-project",
        "PATH": "/usr/bin",
        "GITHUB_SHA": "0123456789",
        "N": "short",
    }

    assert secrets_of_environment(tmp_path, variables) == {"token-of-github", "value-of-x"}
