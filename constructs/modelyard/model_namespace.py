"""A namespace whose models KServe serves: those that Terraform declares, and those that people put there."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from modelyard.artifact_store import ArtifactAccess, ArtifactStore
from modelyard.egress import Egress, dns_rule
from modelyard.http_metrics import HttpMetrics
from modelyard.manifests import Manifests
from modelyard.namespace import add_namespace
from modelyard.object_store import BUCKET, ObjectStore
from modelyard.object_store import NAME as OBJECT_STORE
from modelyard.service_scope import ServiceScope
from modelyard.serving.config_map import CONFIG_MAP
from modelyard.serving.manifest import PORT

from constructs import Construct

#: The service account of every model's pods, the Role of people, and the release.
NAME = "models"
#: Of the add-on's runtime (stacks/add_ons/kserve/runtime/model_server).
METRICS = HttpMetrics(
    requests="model_server_requests_total",
    outcome="code",
    success="2..",
    duration="model_server_request_duration_seconds",
    in_flight="model_server_requests_in_progress",
)
#: KServe's label on the pods of every model.
MODEL_LABEL = "serving.kserve.io/inferenceservice"


class ModelNamespace(Construct):
    """Where models are served, and all that `modelyard.serving.serve` has to know of the place.

    Their pods reach the environment's artifact store as themselves, with no keys; a cluster without one gets an object
    store in this namespace. Other pods of the environment may ask the models.

    Args:
        scope: The service's stack, which gives the namespace its name.
        id_: The construct's id; renaming it replaces everything in the namespace.
        artifacts: The environment's store.

    Attributes:
        namespace: Its name, as a reference.
        service_account: Of every model's pods.
        pod_labels: Of every model's pods.
        release: The Helm release of what models need; they wait for it.
    """

    def __init__(self, scope: ServiceScope, id_: str, *, artifacts: ArtifactStore) -> None:
        super().__init__(scope, id_)
        name = scope.service_name
        self.namespace = add_namespace(self, "namespace", service=scope).metadata.name
        self.service_account = NAME
        place: dict[str, object] = {}
        secrets: list[dict[str, str]] = []
        if artifacts.is_available:
            self._location = artifacts.url("")
            access = artifacts.grant(scope, "artifacts", namespace=name, service_account=NAME, mode="read")
        else:
            store = ObjectStore(self, "artifacts", namespace=self.namespace)
            self._location = f"s3://{BUCKET}/"
            access = ArtifactAccess(egress=(), grants=(store.release,))
            secrets = [{"name": store.credentials}]
            place["s3"] = json.dumps({"service": store.service, "port": store.port, "secret": store.credentials})
        self.pod_labels = dict(access.pod_labels)
        folder = f"{NAME}/{name}"
        place |= {
            "models": self._location + folder,
            "storage": self.storage_uri(folder),
            "service_account": NAME,
            "pod_labels": json.dumps(self.pod_labels),
            "dashboard": f"{self._show(scope)}?var-model={{name}}" if scope.monitored else "",
        }
        account = {"annotations": dict(access.account_annotations)} if access.account_annotations else {}
        self.release = Manifests(
            self,
            "serving",
            name="serving",
            namespace=self.namespace,
            manifests=[
                _object("v1", "ServiceAccount", NAME, metadata=account, secrets=secrets),
                _object("v1", "ConfigMap", CONFIG_MAP, data=place),
                _object("rbac.authorization.k8s.io/v1", "Role", NAME, rules=_rights()),
                _object("networking.k8s.io/v1", "NetworkPolicy", NAME, spec=_traffic(scope.environment, access.egress)),
            ],
            depends_on=access.grants,
        ).release

    def _show(self, scope: ServiceScope) -> str:
        """One page for all models of the namespace: people add models without a deploy."""
        # Grafana's classes take time to load: those who have no dashboard need none.
        from modelyard.dashboard import Dashboard  # noqa: PLC0415 - see above

        name = scope.service_name
        listed = f'label_values(model_server_info{{namespace="{name}"}}, model_name)'
        shown = Dashboard(
            self,
            "dashboard",
            service=scope,
            name=name,
            namespace=self.namespace,
            deployment="$model-predictor",
            metrics=METRICS,
            choices={"model": listed},
        )
        return shown.url

    def storage_uri(self, path: str) -> str:
        """Where KServe finds what is at `path` in the store of these models.

        Google's and S3's locations are as fsspec has them, Azure's is the address of its blobs (kserve/kserve v0.19.0,
        python/storage/kserve_storage).
        """
        store = urlsplit(self._location + path)
        if store.scheme != "abfs":
            return store.geturl()
        account = f"{store.hostname}".partition(".")[0]
        return f"https://{account}.blob.core.windows.net/{store.username}{store.path}"


def _object(
    api_version: str, kind: str, name: str, *, metadata: Mapping[str, object] | None = None, **fields: object
) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **(metadata or {})}, **fields}


def _rights() -> list[dict[str, Any]]:
    """What a person needs to serve a model here; who they are, an administrator says by a RoleBinding."""
    return [
        {
            "apiGroups": ["serving.kserve.io"],
            "resources": ["inferenceservices"],
            "verbs": ["get", "list", "watch", "create", "patch", "update", "delete"],
        },
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [CONFIG_MAP], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["services", "pods", "pods/log", "events"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get", "create"]},
        # The keys of a store in the namespace itself.
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [OBJECT_STORE], "verbs": ["get"]},
    ]


def _traffic(environment: str, egress: Sequence[Egress]) -> dict[str, Any]:
    """The environment's pods ask the models, which reach their store and DNS."""
    environments_own = {"namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": environment}}}
    return {
        "podSelector": {"matchExpressions": [{"key": MODEL_LABEL, "operator": "Exists"}]},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [environments_own], "ports": [{"port": PORT, "protocol": "TCP"}]}],
        "egress": [dns_rule(), {"to": [{"podSelector": {}}]}, *(each.rule() for each in egress)],
    }
