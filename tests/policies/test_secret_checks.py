"""Secrets in the open are found wherever they stand, and repeated nowhere."""

import json
from dataclasses import asdict

import pytest

from tests.policies.changes import (
    CHART,
    COMPARISON,
    DEPLOYMENT,
    POLYAXON,
    RNN,
    SALES,
    Change,
    added,
    chart_values,
    comparison,
    planned_values,
    variable,
)
from tests.policies.recorded import Planned, new_findings

CANARY = "canary-7f3a"
ADDRESS = f"postgres://me:{CANARY}@database/x"
CONFIG_MAP, SECRET, KEY = "kubernetes_config_map_v1", "kubernetes_secret_v1", "google_service_account_key"
METADATA = [{"name": "x", "namespace": "rnn-forecaster"}]

MISTAKES: list[tuple[str, str, str, Change]] = [
    ("MDY_16", RNN, DEPLOYMENT, variable("HF_TOKEN", CANARY)),
    ("MDY_16", RNN, DEPLOYMENT, variable("AWS_SECRET_ACCESS_KEY", CANARY)),
    ("MDY_16", RNN, DEPLOYMENT, variable("PGPASSWORD", CANARY)),
    ("MDY_16", RNN, DEPLOYMENT, variable("DATABASE_URL", ADDRESS)),
    ("MDY_16", RNN, DEPLOYMENT, variable("REDIS", f"redis://:{CANARY}$1@database:6379/0")),
    ("MDY_16", RNN, COMPARISON, comparison(env=[{"name": "apiKey", "value": CANARY}])),
    ("MDY_16", RNN, COMPARISON, comparison(args=["--output", "x", f"--tracking-password={CANARY}"])),
    ("MDY_16", POLYAXON, f"{CHART}/values", chart_values(user={"password": CANARY})),
    ("MDY_16", POLYAXON, f"{CHART}/values", chart_values(extraEnv={"DJANGO_SECRET_KEY": CANARY})),
    ("MDY_16", POLYAXON, CHART, planned_values(CHART, set=[{"name": "user.password", "value": CANARY}])),
    ("MDY_16", POLYAXON, CHART, planned_values(CHART, set_sensitive=[{"name": "x", "value": CANARY}])),
    ("MDY_16", POLYAXON, CHART, planned_values(CHART, repository_password=CANARY)),
    ("MDY_16", RNN, f"{CONFIG_MAP}.added", added(CONFIG_MAP, metadata=METADATA, data={"admin-password": CANARY})),
    ("MDY_17", RNN, f"{KEY}.added", added(KEY, private_key=CANARY)),
    ("MDY_17", RNN, f"{SECRET}.added", added(SECRET, metadata=METADATA, data={"key": CANARY})),
]


@pytest.mark.parametrize(("check", "stack", "place", "change"), MISTAKES)
def test_a_secret_in_the_open_is_found(check: str, stack: str, place: str, change: Change) -> None:
    assert new_findings(stack, change) == {(check, place)}


@pytest.mark.parametrize(("stack", "change"), [(stack, change) for _, stack, _, change in MISTAKES])
def test_no_finding_repeats_the_secret(stack: str, change: Change) -> None:
    planned = Planned(stack)
    change(planned)
    assert CANARY in json.dumps(planned.plan)

    assert CANARY not in json.dumps([asdict(each) for each in planned.findings()])


@pytest.mark.parametrize(
    ("stack", "change"),
    [
        (RNN, variable("PASSWORD", None, {"secret_key_ref": [{"name": "x", "key": "password"}]})),
        (RNN, variable("PASSWORD", "")),
        (RNN, variable("PASSWORD_FILE", "/run/secrets/x/password")),
        (RNN, variable("MAX_TOKENS", "512")),
        (RNN, variable("TOKENIZER", "bert")),
        (RNN, variable("KEY", "value")),
        (RNN, variable("DATABASE_URL", "postgres://me:$(PASSWORD)@database/x")),
        (RNN, comparison(env=[{"name": "PASSWORD", "value": "$(OTHER)"}])),
        (RNN, comparison(args=["--token-file=/run/secrets/x/token"])),
        (POLYAXON, chart_values(platformSecret="polyaxon-database", automountServiceAccountToken=False)),
        (POLYAXON, planned_values(CHART, set=[{"name": "replicas", "value": "2"}])),
        (RNN, added(CONFIG_MAP, metadata=METADATA, data={"models": "gs://bucket/models"})),
        # A Secret that another program fills.
        (RNN, added(SECRET, metadata=METADATA, data=None)),
    ],
)
def test_what_only_looks_like_a_secret_is_let_through(stack: str, change: Change) -> None:
    assert new_findings(stack, change) == set()


def test_what_is_known_after_apply_only_is_no_secret_and_hides_none() -> None:
    planned = Planned(SALES)
    values = planned.values("helm_release.workflow_release")["values"]
    assert values[0] is None
    declared = planned.expressions("helm_release.workflow_release")["values"]["constant_value"]
    identity = declared[0].index("${trim")
    config_map = {"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"password": CANARY, "token": "IDENTITY"}}
    expression = '${jsonencode(azurerm_user_assigned_identity.x["}\\""].client_id)}'
    text = json.dumps({"manifests": {"x": json.dumps(config_map)}}).replace("IDENTITY", expression)
    assert identity > 0

    declared[0] = text

    (finding,) = planned.findings()
    assert (finding.check, finding.part) == ("MDY_16", "ConfigMap/x")
    assert finding.detail == "a literal value: data.password"
