"""The values of Traefik's chart: https://github.com/traefik/traefik-helm-chart/tree/v41.6.0/traefik."""

from modelyard import PodRequests, PublishedChart, Resources
from modelyard.gateway import GATEWAY
from modelyard.restricted import restricted_container, restricted_pod

#: With Traefik 3.7.13.
CHART: PublishedChart = {"repository": "https://traefik.github.io/charts", "chart": "traefik", "version": "41.6.0"}
#: All routes end with it: two, so that neither a crash nor an upgrade of nodes takes them all away. One took 16 MB; it
#: keeps the cluster's Services, ConfigMaps and Secrets in memory.
PODS = PodRequests(name="traefik", resources=Resources(cpu="50m", memory="128Mi", cpu_limit="1"), replicas=2)
ACCOUNT = PODS.name
SELECTOR = {"app.kubernetes.io/name": PODS.name}
#: Where requests come in, by the name of the pods' port too; where the kubelet asks; where Prometheus does.
PORT_NAME = "web"
PORT = 80
STATUS_PORT = 8080
METRICS_PORT = 9100
#: Answers where the routes of the Gateway API are known: see `routes`.
READY_PATH = "/ready"

# The image's own user.
_USER = 65532
# Endpoints are withdrawn while a pod shuts down: it goes on serving until load balancers have heard of that.
_DRAIN_SECONDS = 10
_SHUTDOWN_SECONDS = 30


def values() -> dict[str, object]:
    """The chart's values."""
    return {
        "fullnameOverride": PODS.name,
        "deployment": {
            "replicas": PODS.replicas,
            "revisionHistoryLimit": 3,
            "readinessPath": READY_PATH,
            "terminationGracePeriodSeconds": _DRAIN_SECONDS + _SHUTDOWN_SECONDS + 5,
        },
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "resources": {"requests": PODS.resources.requests, "limits": PODS.resources.limits},
        # The listener's port is what clients see: Traefik itself has to listen there, without rights of root.
        "podSecurityContext": {
            **restricted_pod(_USER),
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": str(PORT)}],
        },
        "securityContext": restricted_container(),
        "topologySpreadConstraints": [_spread("topology.kubernetes.io/zone"), _spread("kubernetes.io/hostname")],
        "ports": {
            PORT_NAME: {
                "port": PORT,
                "transport": {
                    "lifeCycle": {
                        "requestAcceptGraceTimeout": f"{_DRAIN_SECONDS}s",
                        "graceTimeOut": f"{_SHUTDOWN_SECONDS}s",
                    }
                },
            },
            "websecure": None,
        },
        "providers": {
            "kubernetesGateway": {
                "enabled": True,
                # Who else may lead requests to Traefik's own insides.
                "crossProviderNamespaces": [GATEWAY],
            },
            "kubernetesIngress": {"enabled": False},
            "kubernetesCRD": {"enabled": False},
        },
        # The chart names its own Service only. People see the address in `kubectl get gateway`.
        "additionalArguments": [
            f"--providers.kubernetesgateway.statusaddress.service.name={GATEWAY}",
            f"--providers.kubernetesgateway.statusaddress.service.namespace={GATEWAY}",
        ],
        # Ours: see `routes`, `access` and `stack`.
        "gateway": {"enabled": False},
        "gatewayClass": {"enabled": False},
        "ingressClass": {"enabled": False},
        "service": {"enabled": False},
        "rbac": {"enabled": False},
        # No page that shows all routes.
        "api": None,
        # It tells nobody of itself.
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"format": "json"},
    }


def _spread(topology: str) -> dict[str, object]:
    return {
        "maxSkew": 1,
        "topologyKey": topology,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": SELECTOR},
    }
