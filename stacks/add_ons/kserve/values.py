"""The values of KServe's charts: https://github.com/kserve/kserve/tree/v0.19.0/charts/kserve-resources."""

from typing import Any

from modelyard import PodRequests, Resources

#: Of KServe, and of its charts.
VERSION = "v0.19.0"
#: Where the controller answers the API server's webhook calls; its own metrics; the chart has no other for the first.
WEBHOOK_PORT = 9443
METRICS_PORT = 8080

_MANAGER = Resources(cpu="100m", memory="300Mi", cpu_limit="500m")
# Stands before the metrics with a check of who asks; the chart cannot leave it out.
_PROXY = Resources(cpu="10m", memory="64Mi", cpu_limit="100m")
#: One pod of both.
CONTROLLER = PodRequests(
    name="kserve-controller-manager", resources=Resources(cpu="110m", memory="364Mi", cpu_limit="600m")
)
# Of models, where an InferenceService says nothing.
_MODEL = Resources(cpu="100m", memory="512Mi", cpu_limit="1")


def values() -> dict[str, Any]:
    """The chart's values."""
    return {
        "kserve": {
            "controller": {
                # A Deployment and a Service for each model: no Knative, no Istio.
                "deploymentMode": "Standard",
                "gateway": {
                    # Models are called from inside of the cluster: by the name of the Service that KServe makes.
                    "disableIngressCreation": True,
                    "disableIstioVirtualHost": True,
                    "domain": "svc.cluster.local",
                    "domainTemplate": "{{ .Name }}-predictor.{{ .Namespace }}.{{ .IngressDomain }}",
                },
                "imagePullPolicy": "IfNotPresent",
                "resources": _both(_MANAGER),
                "rbacProxy": {"resources": _both(_PROXY)},
                # For Prometheus, whom a NetworkPolicy lets in: through the proxy it would need rights and a token.
                "metricsBindAddress": "0.0.0.0",  # noqa: S104 - of its own pod
                "metricsBindPort": str(METRICS_PORT),
                "podAnnotations": {
                    "prometheus.io/scrape": "true",
                    "prometheus.io/port": str(METRICS_PORT),
                    "prometheus.io/path": "/metrics",
                },
            },
            "storage": {
                # Models as images need a shared process namespace, which mixes up what containers may see.
                "enableModelcar": False,
                "containerSecurityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "runAsNonRoot": True,
                    # So that models may run in namespaces that are `restricted`.
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            },
            "inferenceservice": {"resources": _both(_MODEL)},
            # A model has nothing to ask the Kubernetes API.
            "security": {"autoMountServiceAccountToken": False},
        }
    }


def _both(resources: Resources) -> dict[str, dict[str, str]]:
    return {"requests": resources.requests, "limits": resources.limits}
