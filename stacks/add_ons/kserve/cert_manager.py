"""cert-manager, which makes the certificate of KServe's webhooks and hands it to the API server."""

from typing import Any

from modelyard import PodRequests, Resources

#: Of the release, its chart and its namespace.
NAME = "cert-manager"
REPOSITORY = "https://charts.jetstack.io"
#: KServe asks for 1.15 or newer.
VERSION = "v1.21.2"

WEBHOOK_PORT = 10250
METRICS_PORT = 9402

CONTROLLER = PodRequests(name=NAME, resources=Resources(cpu="20m", memory="128Mi", cpu_limit="500m"))
# It keeps all CustomResourceDefinitions and Secrets in memory, KServe's of 1.5 MB among them.
INJECTOR = PodRequests(name=f"{NAME}-cainjector", resources=Resources(cpu="20m", memory="256Mi", cpu_limit="500m"))
WEBHOOK = PodRequests(name=f"{NAME}-webhook", resources=Resources(cpu="10m", memory="64Mi", cpu_limit="200m"))


def values() -> dict[str, Any]:
    """The chart's values: https://cert-manager.io/docs/installation/helm/."""
    return {
        # They go with the chart; what KServe declares of them went before it.
        "crds": {"enabled": True, "keep": False},
        # By itself in kube-system, where a release has no business.
        "global": {"leaderElection": {"namespace": NAME}},
        "resources": _both(CONTROLLER.resources),
        "cainjector": {"resources": _both(INJECTOR.resources)},
        "webhook": {"resources": _both(WEBHOOK.resources)},
    }


def _both(resources: Resources) -> dict[str, dict[str, str]]:
    return {"requests": resources.requests, "limits": resources.limits}
