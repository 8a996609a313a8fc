"""Whether the runtime's libraries read what others of the same name have written."""

import json
from collections.abc import Mapping

from modelyard.errors import ConfigurationError
from modelyard.serving.cluster import ApiError, Cluster
from modelyard.serving.manifest import RUNTIME

_ANNOTATION = "modelyard/libraries"
# How many numbers of the version have to be the same, where a file is no format of its own that others may read.
_SAME_NUMBERS = {"scikit-learn": 2, "xgboost": 1}


def check_libraries(cluster: Cluster, libraries: Mapping[str, str]) -> None:
    """Refuses a model that the cluster's runtime would not load, or load wrongly.

    Args:
        cluster: Where it is to be served.
        libraries: Name on PyPI to version, of those that saved it.

    Raises:
        ConfigurationError: With both versions; or KServe, or its runtime, is not there.
    """
    runtime_has = _runtime_libraries(cluster)
    for name, numbers in _SAME_NUMBERS.items():
        own, theirs = libraries.get(name), runtime_has.get(name)
        if own and theirs and own.split(".")[:numbers] != theirs.split(".")[:numbers]:
            wanted = ".".join(theirs.split(".")[:numbers])
            raise ConfigurationError(
                f"the model is of {name} {own}, and the cluster serves {name} {wanted}.x ({theirs})",
                mend=f"pip install '{name}=={wanted}.*' and fit it again, or have the add-on `kserve` brought to {own}",
            )


def _runtime_libraries(cluster: Cluster) -> dict[str, str]:
    try:
        runtimes = cluster.list("clusterservingruntimes")
    except ApiError as error:
        if error.status == 404:
            raise ConfigurationError(
                "KServe is not on this cluster",
                mend="deploy the add-on `kserve`: a service that serves models brings it",
            ) from error
        raise
    for runtime in runtimes:
        if runtime["metadata"]["name"] == RUNTIME:
            found: dict[str, str] = json.loads(runtime["metadata"].get("annotations", {}).get(_ANNOTATION, "{}"))
            # A build for CPUs only has a name of its own, and the same files.
            return {name.removesuffix("-cpu"): version for name, version in found.items()}
    raise ConfigurationError(
        f"KServe is on this cluster, and its ClusterServingRuntime {RUNTIME!r} is not",
        mend="deploy the add-on `kserve` again",
    )
