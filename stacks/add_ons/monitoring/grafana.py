"""The values of Grafana's chart: https://github.com/grafana-community/helm-charts/tree/main/charts/grafana."""

from collections.abc import Mapping

from modelyard import PodRequests, PublishedChart, Resources
from modelyard.dashboard import GRAFANA_URL
from modelyard.restricted import restricted_container, restricted_pod
from modelyard.service_dashboard import DATASOURCE

from stacks.add_ons.monitoring import prometheus

#: With Grafana 13.2.0. Grafana's own repository has had no newer ones since January 2026.
CHART: PublishedChart = {
    "repository": "https://grafana-community.github.io/helm-charts",
    "chart": "grafana",
    "version": "12.11.1",
}
PASSWORD_KEY = "password"  # noqa: S105 - the name of a key
ACCOUNT = "grafana"
PORT = 3000

_SERVER = Resources(cpu="50m", memory="384Mi", cpu_limit="1")
_SIDECAR = Resources(cpu="10m", memory="128Mi", cpu_limit="100m")
#: Both containers.
PODS = PodRequests(name="grafana", resources=Resources(cpu="60m", memory="512Mi", cpu_limit="1100m"))
# The image's own user.
_USER = 472
_SECRETS = "/run/secrets/grafana"


def values(*, credentials: str, pod_annotations: Mapping[str, str]) -> dict[str, object]:
    """The chart's values.

    Args:
        credentials: The Secret with `PASSWORD_KEY`, the password of Grafana's admin.
        pod_annotations: Other ones replace the pod, which takes the password as it first starts; and each start is one.
    """
    return {
        # Rights of our own: the chart's would be to read Secrets, too.
        "rbac": {"create": False},
        "serviceAccount": {"name": ACCOUNT},
        "fullnameOverride": PODS.name,
        "podAnnotations": dict(pod_annotations),
        "resources": {"requests": _SERVER.requests, "limits": _SERVER.limits},
        "securityContext": restricted_pod(_USER),
        "containerSecurityContext": restricted_container(),
        "extraEmptyDirMounts": [{"name": "scratch", "mountPath": "/tmp", "sizeLimit": "64Mi"}],  # noqa: S108 - the pod's own volume
        # Nothing is kept: data source and dashboards come from code, and it begins with them each time.
        "persistence": {"enabled": False},
        "deploymentStrategy": {"type": "Recreate"},
        "testFramework": {"enabled": False},
        "env": {
            "GF_SECURITY_ADMIN_USER": "admin",
            "GF_SECURITY_ADMIN_PASSWORD__FILE": f"{_SECRETS}/{PASSWORD_KEY}",
        },
        "extraSecretMounts": [
            {
                "name": "admin",
                "mountPath": _SECRETS,
                "secretName": credentials,
                "defaultMode": 0o440,
                "readOnly": True,
            }
        ],
        "grafana.ini": _settings(),
        "datasources": {"datasources.yaml": {"apiVersion": 1, "datasources": [_datasource()]}},
        "sidecar": {
            "resources": {"requests": _SIDECAR.requests, "limits": _SIDECAR.limits},
            "securityContext": {**restricted_container(), "seccompProfile": {"type": "RuntimeDefault"}},
            "dashboards": {
                "enabled": True,
                "label": "grafana_dashboard",
                "labelValue": "1",
                "folder": "/var/lib/dashboards",
                "searchNamespace": "ALL",
                "resource": "configmap",
                # Grafana looks into the folder by itself; telling it would need the password.
                "skipReload": True,
            },
        },
    }


def _settings() -> dict[str, object]:
    return {
        "server": {"root_url": f"{GRAFANA_URL}/"},
        "auth.anonymous": {"enabled": False},
        "users": {"allow_sign_up": False},
        # It tells nobody of itself, and fetches nothing.
        "analytics": {
            "reporting_enabled": False,
            "check_for_updates": False,
            "check_for_plugin_updates": False,
            "feedback_links_enabled": False,
        },
        "plugins": {
            "preinstall_disabled": True,
            "preinstall_auto_update": False,
            "plugin_admin_enabled": False,
            "public_key_retrieval_disabled": True,
        },
        "news": {"news_feed_enabled": False},
        "security": {"disable_gravatar": True},
        "snapshots": {"external_enabled": False},
        # Nobody would get its alerts.
        "unified_alerting": {"enabled": False},
    }


def _datasource() -> dict[str, object]:
    return {
        "name": "Prometheus",
        "uid": DATASOURCE,
        "type": "prometheus",
        "access": "proxy",
        "url": f"http://{prometheus.SERVER.name}:{prometheus.PORT}",
        "isDefault": True,
        "jsonData": {"timeInterval": prometheus.SCRAPE_INTERVAL, "httpMethod": "POST"},
    }
