"""The namespace that a model goes to, and what Terraform has written down about it there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelyard.errors import ConfigurationError
from modelyard.serving.cluster import ApiError, Cluster, Object
from modelyard.serving.config_map import CONFIG_MAP

# Grafana's limit.
_LONGEST_UID = 40


@dataclass(frozen=True, kw_only=True)
class StoreService:
    """A store with S3's API in the namespace itself.

    Attributes:
        service: Its Service.
        port: Of its pods.
        secret: With the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    """

    service: str
    port: int
    secret: str


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where models of a namespace are kept, and as whom they run.

    Attributes:
        namespace: Its name.
        models: URL of the folder of all its models, as clients of the store take it.
        storage: The same as KServe takes it.
        service_account: Of the pods.
        pod_labels: For workload identity.
        dashboard: URL with `{name}` in it, or empty.
        s3: Where the store is in the namespace.
    """

    namespace: str
    models: str
    storage: str
    service_account: str
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    dashboard: str = ""
    s3: StoreService | None = None

    def dashboard_of(self, name: str) -> str | None:
        """Where a browser shows the model's dashboard."""
        place, slash, uid = self.dashboard.replace("{name}", name).rpartition("/")
        return f"{place}{slash}{uid[:_LONGEST_UID]}" or None


def find_destination(cluster: Cluster, namespace: str | None) -> Destination:
    """The namespace that is named; else the kubeconfig context's if it takes models; else the only one that does.

    Raises:
        ConfigurationError: There is none, or several.
    """
    if namespace:
        if found := cluster.get("configmaps", CONFIG_MAP, namespace):
            return _read(found)
        raise ConfigurationError(
            f"the namespace {namespace!r} takes no models: it has no ConfigMap {CONFIG_MAP!r}", mend=_HOW_TO_MAKE_ONE
        )
    try:
        if found := cluster.get("configmaps", CONFIG_MAP, cluster.context_namespace):
            return _read(found)
        places = cluster.list("configmaps", fieldSelector=f"metadata.name={CONFIG_MAP}")
    except ApiError as error:
        if error.status != 403:
            raise
        raise ConfigurationError(
            f"which namespaces take models is not yours to see: {error.said}", mend="name yours: namespace='…'"
        ) from error
    if len(places) == 1:
        return _read(places[0])
    names = ", ".join(sorted(each["metadata"]["namespace"] for each in places))
    if names:
        raise ConfigurationError(f"several namespaces take models: {names}", mend="name one of them: namespace='…'")
    raise ConfigurationError("no namespace of this cluster takes models", mend=_HOW_TO_MAKE_ONE)


_HOW_TO_MAKE_ONE = (
    "deploy a service that has a place for models (services/fashion_mnist is one), or try another kubectl context"
)


def _read(config_map: Object) -> Destination:
    namespace, data = config_map["metadata"]["namespace"], config_map.get("data", {})
    try:
        return Destination(
            namespace=namespace,
            models=data["models"].rstrip("/"),
            storage=data["storage"].rstrip("/"),
            service_account=data["service_account"],
            pod_labels=json.loads(data.get("pod_labels") or "{}"),
            dashboard=data.get("dashboard", ""),
            s3=StoreService(**json.loads(data["s3"])) if data.get("s3") else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"the ConfigMap {CONFIG_MAP!r} of {namespace!r} is not as Terraform writes it: {error}",
            mend="deploy the service of that namespace again",
        ) from error
