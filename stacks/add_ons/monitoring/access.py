"""What Prometheus and Grafana may read of the cluster, and who may talk to them."""

from collections.abc import Mapping, Sequence

from stacks.add_ons.monitoring import grafana, prometheus

_RBAC = "rbac.authorization.k8s.io"
_NAME = "app.kubernetes.io/name"


def manifests(*, namespace: str) -> list[Mapping[str, object]]:
    """Cluster roles with their bindings, and NetworkPolicies: from outside, only `kubectl port-forward` leads in."""
    return [
        *_granted(
            namespace,
            prometheus.ACCOUNT,
            [
                _rule(["pods", "nodes"], ["list", "watch"]),
                # What kubelets ask for before they show their metrics.
                _rule(["nodes/metrics"], ["get"]),
            ],
        ),
        *_granted(namespace, grafana.ACCOUNT, [_rule(["configmaps"], ["get", "list", "watch"])]),
        _policy("closed", {}, []),
        _policy("prometheus", {_NAME: "prometheus"}, [_from({_NAME: "grafana"}, prometheus.PORT)]),
        _policy(
            "kube-state-metrics",
            {_NAME: "kube-state-metrics"},
            [_from({_NAME: "prometheus"}, prometheus.STATE_PORT)],
        ),
    ]


def _granted(namespace: str, account: str, rules: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    name = f"{namespace}-{account}"
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        },
    ]


def _rule(resources: list[str], verbs: list[str]) -> Mapping[str, object]:
    return {"apiGroups": [""], "resources": resources, "verbs": verbs}


def _from(pods: Mapping[str, str], port: int) -> Mapping[str, object]:
    return {"from": [{"podSelector": {"matchLabels": dict(pods)}}], "ports": [{"port": port}]}


def _policy(name: str, pods: Mapping[str, str], ingress: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {
            "podSelector": {"matchLabels": dict(pods)},
            "policyTypes": ["Ingress"],
            "ingress": list(ingress),
        },
    }
