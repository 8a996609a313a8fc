"""How a Job sees that KServe's webhooks answer.

The API server asks them about each of KServe's objects, and refuses all of them until cert-manager has written the
certificate's authority into the webhooks' configurations, each by itself: some seconds after the controller is ready.
"""

from typing import Any

from modelyard.inference_service_checks import API_GROUP

#: Objects that the webhooks have nothing against, by file; nothing is made of them.
PROBES: dict[str, dict[str, Any]] = {
    "runtime.json": {
        "apiVersion": f"{API_GROUP}/v1alpha1",
        "kind": "ClusterServingRuntime",
        "metadata": {"name": "webhooks-answer"},
        "spec": {"containers": [{"name": "kserve-container", "image": "any"}]},
    },
    "model.json": {
        "apiVersion": f"{API_GROUP}/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "webhooks-answer"},
        "spec": {"predictor": {"containers": [{"name": "kserve-container", "image": "any"}]}},
    },
}
#: Of `kubectl`.
ARGUMENTS = ["create", "--dry-run=server", *(f"--filename=/files/{file}" for file in PROBES)]
#: Rights cannot be for dry runs alone.
RULES = [{"apiGroups": [API_GROUP], "resources": ["inferenceservices"], "verbs": ["create"]}]
CLUSTER_RULES = [{"apiGroups": [API_GROUP], "resources": ["clusterservingruntimes"], "verbs": ["create"]}]
