"""What is refused: callers that are neither the API server nor Prometheus, and canaries that KServe would ignore."""

from typing import Any

from modelyard.inference_service_checks import API_GROUP, CANARY, COMPONENTS, KNATIVE, MODE

from stacks.add_ons.network_policy import callers_policy

_CANARIES = "inference-services-without-canaries"


def network_policy(*, webhook_port: int, metrics_port: int) -> dict[str, Any]:
    """Who may call a controller, and nothing else in its namespace."""
    # The API server's address is a cloud's own affair; the webhooks' certificate says who answers, not who asks.
    webhooks = {"ports": [{"port": webhook_port}]}
    prometheus = {
        "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
        "ports": [{"port": metrics_port}],
    }
    return callers_policy("closed", webhooks, prometheus)


def canary_policy() -> list[dict[str, Any]]:
    """Refuses a canary's weight, whoever sends it: `Manifests` sees only what Terraform deploys."""
    mode = f"object.metadata.?annotations[?'{MODE}'].orValue('')"
    modes = ", ".join(f"'{each}'" for each in KNATIVE)
    weights = " || ".join(f"object.spec.?{each}.?{CANARY}.hasValue()" for each in COMPONENTS)
    validation = {
        "expression": f"{mode} in [{modes}] || !({weights})",
        "message": f"{CANARY} does nothing here: KServe runs models as Deployments (Standard mode), ignores it, and "
        "gives all traffic to the newest model at once. Remove it, and make the new model an InferenceService of its "
        "own, to be called beside the old one until that is removed.",
        "reason": "Invalid",
    }
    resources = {
        "apiGroups": [API_GROUP],
        "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["inferenceservices"],
    }
    policy = {
        **_object("ValidatingAdmissionPolicy"),
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [resources]},
            "validations": [validation],
        },
    }
    binding = {
        **_object("ValidatingAdmissionPolicyBinding"),
        "spec": {"policyName": _CANARIES, "validationActions": ["Deny"]},
    }
    return [policy, binding]


def _object(kind: str) -> dict[str, Any]:
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": _CANARIES}}
