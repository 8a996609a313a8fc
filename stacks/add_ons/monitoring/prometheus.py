"""The values of Prometheus' chart: https://github.com/prometheus-community/helm-charts/tree/main/charts/prometheus."""

import hashlib
import json

from modelyard import PodRequests, PublishedChart, Resources
from modelyard.restricted import restricted_container, restricted_pod

#: With Prometheus 3.14.0 and kube-state-metrics 2.20.0.
CHART: PublishedChart = {
    "repository": "https://prometheus-community.github.io/helm-charts",
    "chart": "prometheus",
    "version": "29.27.0",
}
# A node with three pods took 34 MB, each more node with its pods takes some hundred series more.
SERVER = PodRequests(name="prometheus", resources=Resources(cpu="50m", memory="256Mi", cpu_limit="500m"))
KUBE_STATE_METRICS = PodRequests(
    name="kube-state-metrics", resources=Resources(cpu="10m", memory="64Mi", cpu_limit="100m")
)
ACCOUNT = "prometheus"
PORT = 9090
STATE_PORT = 8080
VOLUME_SIZE = "8Gi"
#: Grafana's rates are over four of them at least.
SCRAPE_INTERVAL = "15s"

_USER = 65534
# What the dashboards show, of more than a thousand series of each node.
_CADVISOR = "|".join(
    [
        "container_cpu_usage_seconds_total",
        "container_cpu_cfs_periods_total",
        "container_cpu_cfs_throttled_periods_total",
        "container_memory_working_set_bytes",
    ]
)
_STATE = [
    "kube_deployment_spec_replicas",
    "kube_deployment_status_replicas_ready",
    "kube_pod_container_resource_limits",
    "kube_pod_container_status_restarts_total",
]
_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"


def values(*, claim: str) -> dict[str, object]:
    """The chart's values.

    Args:
        claim: The volume that Prometheus keeps everything on.
    """
    scraped = _scrape_configs()
    return {
        # Rights of our own: the chart's are for more than is scraped here.
        "rbac": {"create": False},
        "serviceAccounts": {"server": {"name": ACCOUNT}},
        "server": {
            "fullnameOverride": SERVER.name,
            "resources": _resources(SERVER),
            "global": {"scrape_interval": SCRAPE_INTERVAL, "scrape_timeout": "10s"},
            "retention": "15d",
            # Whichever comes first: a full disk would stop it. The rest is for what it writes before it compacts.
            "retentionSize": "6GB",
            "persistentVolume": {"existingClaim": claim},
            "service": {"servicePort": PORT},
            # Nobody may stop it or have it read its configuration by a request.
            "extraFlags": [],
            # In the place of a second container that watches the file: another configuration is another pod.
            "podAnnotations": {"modelyard/scrape-configs": _checksum(scraped)},
            "securityContext": {**restricted_pod(_USER), "fsGroupChangePolicy": "OnRootMismatch"},
            "containerSecurityContext": restricted_container(),
            "terminationGracePeriodSeconds": 60,
        },
        "configmapReload": {"prometheus": {"enabled": False}},
        # None of the chart's own.
        "scrapeConfigs": None,
        "serverFiles": {"prometheus.yml": {"scrape_configs": scraped}},
        "kube-state-metrics": {
            "fullnameOverride": KUBE_STATE_METRICS.name,
            "resources": _resources(KUBE_STATE_METRICS),
            "collectors": ["deployments", "pods"],
            "metricAllowlist": _STATE,
            # Found by its label, not by the annotation.
            "prometheusScrape": False,
        },
        "alertmanager": {"enabled": False},
        "prometheus-node-exporter": {"enabled": False},
        "prometheus-pushgateway": {"enabled": False},
    }


def _scrape_configs() -> list[dict[str, object]]:
    return [
        {"job_name": "pods", "kubernetes_sd_configs": [{"role": "pod"}], "relabel_configs": _annotated()},
        {
            "job_name": "kube-state-metrics",
            "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"own_namespace": True}}],
            "relabel_configs": [
                {
                    "action": "keep",
                    "source_labels": [
                        "__meta_kubernetes_pod_label_app_kubernetes_io_name",
                        "__meta_kubernetes_pod_container_port_number",
                    ],
                    "regex": f"{KUBE_STATE_METRICS.name};{STATE_PORT}",
                }
            ],
            # Its series have the namespace and the pod that they are about.
            "honor_labels": True,
        },
        {
            "job_name": "cadvisor",
            "kubernetes_sd_configs": [{"role": "node"}],
            # From each kubelet itself: a right to the API server's proxy to it would be one to run commands in pods.
            "scheme": "https",
            "metrics_path": "/metrics/cadvisor",
            "authorization": {"credentials_file": f"{_FOLDER}/token"},
            # Not all clouds sign the certificates of kubelets with the cluster's own.
            "tls_config": {"insecure_skip_verify": True},
            "metric_relabel_configs": [
                {"action": "keep", "source_labels": ["__name__"], "regex": _CADVISOR},
                # Pods as a whole: not their containers one by one, nor the sandbox, nor what is no pod.
                {"action": "keep", "source_labels": ["pod", "container", "image"], "regex": ".+;;"},
                {"action": "labeldrop", "regex": "id|name"},
            ],
        },
    ]


def _annotated() -> list[dict[str, object]]:
    """Keeps the pods that run and ask to be scraped, at the port and path that they name."""
    annotation = "__meta_kubernetes_pod_annotation_prometheus_io_"
    return [
        {"action": "keep", "source_labels": [f"{annotation}scrape"], "regex": "true"},
        {"action": "keep", "source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Running"},
        {
            "source_labels": ["__meta_kubernetes_pod_ip", f"{annotation}port"],
            "separator": ":",
            "target_label": "__address__",
        },
        {"source_labels": [f"{annotation}path"], "regex": "(.+)", "target_label": "__metrics_path__"},
        {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
        {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
    ]


def _checksum(scraped: list[dict[str, object]]) -> str:
    return hashlib.sha256(json.dumps(scraped, sort_keys=True).encode()).hexdigest()[:12]


def _resources(pods: PodRequests) -> dict[str, object]:
    return {"requests": pods.resources.requests, "limits": pods.resources.limits}
