"""The values of Argo's chart: https://github.com/argoproj/argo-helm/tree/main/charts/argo-workflows."""

from collections.abc import Mapping

from modelyard import PodRequests, Resources

from stacks.add_ons.argo_workflows.repository import StoreKind

#: Of Argo itself. The newest chart of Argo 3.7 has v3.7.11, which a workflow can make end again and again
#: (CVE-2026-40886, mended in v3.7.14).
VERSION = "v3.7.14"
#: The controller took 60 MB with a run at a time; the server serves pages.
CONTROLLER = PodRequests(
    name="argo-workflows-workflow-controller", resources=Resources(cpu="50m", memory="256Mi", cpu_limit="500m")
)
SERVER = PodRequests(name="argo-workflows-server", resources=Resources(cpu="20m", memory="128Mi", cpu_limit="500m"))
#: What carries artifacts in each pod of a workflow. By itself it is in no pod that a restricted namespace lets in.
EXECUTOR: dict[str, object] = {
    "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
_RESTRICTED = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def values(
    *, repository: Mapping[StoreKind, object], account_annotations: Mapping[str, str], pod_labels: Mapping[str, str]
) -> dict[str, object]:
    """The chart's values.

    Args:
        repository: Where artifacts are, unless a namespace has another place for its own.
        account_annotations: Of the server's service account, by which it reads artifacts.
        pod_labels: Likewise, of its pods.
    """
    return {
        # Exact versions do not change.
        "images": {"tag": VERSION, "pullPolicy": "IfNotPresent"},
        # They go with the chart; the services whose workflows they are went before it.
        "crds": {"install": True, "keep": False},
        # Services bring accounts and rights of their own.
        "workflow": {"serviceAccount": {"create": False}, "rbac": {"create": False}},
        "controller": {
            "workflowNamespaces": [],
            "resources": _resources(CONTROLLER),
            "podSecurityContext": _RESTRICTED,
        },
        "executor": EXECUTOR,
        # Not `artifactRepository`, whose texts the chart takes for templates: Argo's own variables would break it.
        "customArtifactRepository": dict(repository),
        "server": {
            "serviceType": "ClusterIP",
            # Whoever looks, does it with rights of their own.
            "authModes": ["client"],
            "resources": _resources(SERVER),
            "podSecurityContext": _RESTRICTED,
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
            },
            "serviceAccount": {"annotations": dict(account_annotations)},
            "podLabels": dict(pod_labels),
        },
    }


def _resources(pods: PodRequests) -> dict[str, object]:
    return {"requests": pods.resources.requests, "limits": pods.resources.limits}
