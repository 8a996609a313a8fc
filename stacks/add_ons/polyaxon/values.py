"""The values of Polyaxon's chart.

https://polyaxon.com/docs/setup/platform/common-reference/ says what they are; Polyaxon's own library checks them
(`make test-polyaxon`).
"""

from collections.abc import Mapping

from modelyard import PodRequests, Resources

from stacks.add_ons.polyaxon import database

# The API has one worker process, which took 330 MB at rest.
API = PodRequests(name="polyaxon-polyaxon-api", resources=Resources(cpu="150m", memory="768Mi", cpu_limit="1"))
AGENT = PodRequests(name="polyaxon-polyaxon-agent", resources=Resources(cpu="50m", memory="256Mi", cpu_limit="500m"))
OPERATOR = PodRequests(
    name="polyaxon-polyaxon-operator", resources=Resources(cpu="25m", memory="128Mi", cpu_limit="200m")
)
# Any but root's; the chart's own choice.
_USER = 2222


def values(
    *, credentials: str, pod_annotations: Mapping[str, str], artifacts_store: Mapping[str, object]
) -> dict[str, object]:
    """The chart's values.

    Args:
        credentials: The Secret with the database's password.
        pod_annotations: Other ones replace the pods.
        artifacts_store: Where runs keep what they make, as Polyaxon's connections have it.
    """
    return {
        "annotations": dict(pod_annotations),
        # In the place of the chart's own, for which passwords would have to stand among these values.
        "platformSecret": credentials,
        # Nobody logs in to the community edition. Without this the chart would make its well-known one.
        "user": {"password": ""},
        "gateway": {
            "replicas": API.replicas,
            "concurrency": 1,
            "perCore": False,
            "resources": _resources(API),
            # Not public: it has no login.
            "service": {"type": "ClusterIP"},
        },
        "agent": {"resources": _resources(AGENT)},
        "operator": {"resources": _resources(OPERATOR)},
        "postgresql": {"enabled": False},
        "externalServices": {
            "postgresql": {
                "host": database.HOST,
                "port": database.PORT,
                "user": database.NAME,
                "database": database.NAME,
            }
        },
        "artifactsStore": dict(artifacts_store),
        "securityContext": {
            "enabled": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
        },
    }


def _resources(pods: PodRequests) -> dict[str, object]:
    return {"requests": pods.resources.requests, "limits": pods.resources.limits}
