"""Prints what Polyaxon's own library makes of sweep.yaml, as JSON: how many runs at a time, and the spec of each Job.

With the Python of .venv-polyaxon: `python compiled_sweep.py IMAGE`.
"""

import json
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from hypertune.search_managers.grid_search.manager import GridSearchManager
from kubernetes.client import ApiClient
from polyaxon import settings
from polyaxon._k8s.executor.executor import Executor
from polyaxon._schemas.agent import AgentConfig
from polyaxon.polyaxonfile import check_polyaxonfile
from polyaxon.schemas import V1Operation

FILES = Path(__file__).parents[2] / "polyaxon"


def operation(file: str, **params: object) -> V1Operation:
    """A polyaxonfile as `polyaxon run --param ...` reads it."""
    return check_polyaxonfile(polyaxonfile=str(FILES / file), params=params, is_cli=False, verbose=False)


def job_spec(image: str, chosen: dict[str, Any]) -> dict[str, Any]:
    """What Polyaxon's agent gives its operator for one run: the spec of a batch/v1 Job."""
    run = operation("polyaxonfile.yaml", image=image, **chosen)
    uuid = uuid4().hex
    place = {"owner_name": "default", "project_name": "iris", "run_name": "iris-knn", "run_uuid": uuid}
    made = Executor.make_and_convert(**place, content=run.to_json())
    return dict(ApiClient().sanitize_for_serialization(made)["batchJobSpec"])


def main(image: str) -> None:
    store = {"name": "artifacts", "kind": "gcs", "schema": {"bucket": "gs://artifacts"}}
    settings.AGENT_CONFIG = AgentConfig.from_dict({"namespace": "iris", "artifactsStore": store})
    matrix = operation("sweep.yaml", image=image).matrix
    jobs = [job_spec(image, chosen) for chosen in GridSearchManager(matrix).get_suggestions()]
    sys.stdout.write(json.dumps({"concurrency": matrix.concurrency, "jobs": jobs}))


if __name__ == "__main__":
    main(sys.argv[1])
