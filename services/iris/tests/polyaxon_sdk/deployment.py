"""Polyaxon's own library checks the values that the add-on gives to Polyaxon's chart.

Not collected by default: `make test-polyaxon` makes an environment of its own for it.
"""

from typing import Any

import pytest
from polyaxon._deploy.schemas.deployment import DeploymentConfig
from pydantic import ValidationError

from stacks.add_ons.polyaxon.values import values

STORE = {"name": "artifacts", "kind": "volume_claim", "schema": {"volumeClaim": "artifacts", "mountPath": "/artifacts"}}


@pytest.fixture
def given() -> dict[str, Any]:
    return values(credentials="of-the-database", pod_annotations={"example.com/revision": "1"}, artifacts_store=STORE)


def test_polyaxon_knows_every_value(given: dict[str, Any]) -> None:
    config = DeploymentConfig.from_dict(given)

    assert (config.platform_secret, config.gateway.per_core) == ("of-the-database", False)
    assert config.artifacts_store.schema_.volume_claim == "artifacts"
    assert (config.postgresql.enabled, config.external_services.postgresql.database) == (False, "polyaxon")


@pytest.mark.parametrize("misspelt", [{"gatewy": {}}, {"gateway": {"concurency": 1}}, {"agent": {"resourcs": {}}}])
def test_polyaxon_refuses_a_value_that_it_does_not_know(given: dict[str, Any], misspelt: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        DeploymentConfig.from_dict(given | misspelt)
