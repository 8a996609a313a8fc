"""Data sources that are no resource types: each function gives the values it adds to what was asked."""

from collections.abc import Callable
from typing import Final

from simulator.google.resource import project_number
from simulator.resource import CloudError
from simulator.world import Values


def _project(asked: Values) -> Values:
    project = asked["project_id"] or asked.get("project")
    if not project:
        raise CloudError("project: required field is not set")
    id_ = f"projects/{project}"
    return {
        "id": id_,
        "project_id": project,
        "name": project,
        "number": project_number(project),
        "effective_labels": {},
    }


def _client_config(asked: Values) -> Values:
    # No token: nothing that asks for one may work here.
    return {"id": f"projects/{asked['project']}/regions/{asked['region']}/zones/{asked['zone']}", "access_token": ""}


DATA_SOURCES: Final[dict[str, Callable[[Values], Values]]] = {
    "google_client_config": _client_config,
    "google_project": _project,
}
