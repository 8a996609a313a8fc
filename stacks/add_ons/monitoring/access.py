"""What Prometheus and Grafana may read of the cluster, and who may talk to them."""

from collections.abc import Mapping, Sequence

from stacks.add_ons.monitoring import grafana, prometheus
from stacks.add_ons.network_policy import callers_policy

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
        callers_policy("closed"),
        callers_policy("prometheus", _from({_NAME: "grafana"}, prometheus.PORT), pods={_NAME: "prometheus"}),
        callers_policy(
            "kube-state-metrics",
            _from({_NAME: "prometheus"}, prometheus.STATE_PORT),
            pods={_NAME: "kube-state-metrics"},
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
