"""The table of this repo's own checks. An id is never given again; docs/policies.md says more of each."""

from policies.checks import (
    access,
    charts,
    images,
    labels,
    load_balancers,
    namespaces,
    pods,
    protection,
    replicas,
    secrets,
)
from policies.checks.stack import Check, Stack
from policies.findings import Finding
from policies.plan import StackPlan, resources_of
from stacks.settings import Settings

CHECKS = (
    Check("MDY_1", "deny", "namespaces enforce a Pod Security Standard", namespaces.pod_security),
    Check("MDY_2", "deny", "namespaces name their environment and service", namespaces.owners),
    Check("MDY_3", "warn", "namespaces have a NetworkPolicy", namespaces.traffic_rules),
    Check("MDY_4", "deny", "cloud resources name their environment", labels.cloud_labels),
    Check("MDY_5", "deny", "LoadBalancers answer named networks only", load_balancers.source_ranges),
    Check("MDY_6", "deny", "several replicas have a disruption budget", replicas.budgets),
    Check("MDY_7", "warn", "no single replica on preemptible nodes", replicas.single_replicas),
    Check("MDY_8", "deny", "images name a release or a digest", images.pinned),
    Check("MDY_9", "warn", "others' images have a digest", images.digests),
    Check("MDY_10", "deny", "charts have an exact version", charts.pinned),
    Check("MDY_11", "deny", "stores and volumes are protected", protection.stores),
    Check("MDY_12", "deny", "stores keep old versions", protection.versions),
    Check("MDY_13", "deny", "clusters are protected", protection.clusters),
    Check("MDY_14", "deny", "pods do not reach into their node", pods.host_access),
    Check("MDY_15", "warn", "containers say what they need", pods.requests),
    Check("MDY_16", "deny", "no secret is a plain value", secrets.plain_values),
    Check("MDY_17", "deny", "Terraform makes no secrets", secrets.made_by_terraform),
    Check("MDY_18", "deny", "nothing is granted to everybody", access.everybody),
    Check("MDY_19", "deny", "no administrators above resource groups and projects", access.administrators),
    Check("MDY_20", "deny", "no rights over a whole cluster", access.wildcards),
)


def own_findings(id_: str, planned: StackPlan, settings: Settings) -> tuple[list[Finding], int]:
    """What the own checks find in a stack, and how often they found nothing."""
    stack = Stack(resources_of(planned), settings)
    findings, passed = [], 0
    for check in CHECKS:
        for at, problem in check.judge(stack):
            if problem is None:
                passed += 1
            else:
                findings.append(Finding(check.id, check.name, id_, at.address, problem, check.severity, at.part))
    return findings, passed
