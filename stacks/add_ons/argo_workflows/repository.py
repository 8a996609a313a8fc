"""Where Argo keeps artifacts: the environment's store, as Argo's configuration has it."""

import json
from typing import Literal
from urllib.parse import urlsplit

from modelyard import ArtifactStore
from modelyard.artifact_store import WORKFLOWS_PREFIX
from modelyard.object_store import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectStore

#: Kinds of stores, in Argo's words.
StoreKind = Literal["gcs", "azure", "s3"]
#: Names of objects, in Argo's own variables: what one run makes is in one folder.
KEY_FORMAT = WORKFLOWS_PREFIX + "{{workflow.namespace}}/{{workflow.name}}/{{pod.name}}"


def artifact_repository(artifacts: ArtifactStore) -> dict[StoreKind, dict[str, object]]:
    """The repository under the name of its kind; pods use it as themselves, there are no keys.

    Source: https://argo-workflows.readthedocs.io/en/release-3.7/configure-artifact-repository/

    Raises:
        ConfigurationError: The environment has no store.
    """
    store = urlsplit(artifacts.url(""))
    if store.scheme == "gs":
        return {"gcs": {"bucket": store.hostname, "keyFormat": KEY_FORMAT}}
    account = f"{store.hostname}".partition(".")[0]
    return {
        "azure": {
            "endpoint": f"https://{account}.blob.core.windows.net",
            "container": store.username,
            "blobNameFormat": KEY_FORMAT,
            "useSDKCreds": True,
        }
    }


def own_repository(store: ObjectStore) -> dict[str, object]:
    """What Argo looks for in a namespace before it takes the cluster's own repository.

    Source: https://argo-workflows.readthedocs.io/en/release-3.7/artifact-repository-ref/
    """
    s3 = {
        "endpoint": store.address,
        "insecure": True,
        "bucket": BUCKET,
        "keyFormat": KEY_FORMAT,
        "accessKeySecret": {"name": store.credentials, "key": ACCESS_KEY},
        "secretKeySecret": {"name": store.credentials, "key": SECRET_KEY},
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "artifact-repositories",
            "annotations": {"workflows.argoproj.io/default-artifact-repository": "own"},
        },
        "data": {"own": json.dumps({"s3": s3})},
    }


def stored(kind: StoreKind, key: str) -> dict[str, dict[str, str]]:
    """An artifact's place in the default repository, when it has a name of its own there."""
    if kind == "azure":
        # Empty: the repository's own.
        return {kind: {"blob": key, "endpoint": "", "container": ""}}
    return {kind: {"key": key}}
