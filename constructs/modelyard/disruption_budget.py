"""How many replicas an upgrade of nodes may take at once."""

from collections.abc import Mapping

from cdktf_cdktf_provider_kubernetes import pod_disruption_budget_v1 as k8s
from constructs import Construct


def add_disruption_budget(
    scope: Construct, id_: str, *, metadata: Mapping[str, object], selector: Mapping[str, str]
) -> k8s.PodDisruptionBudgetV1:
    """One replica at a time; for pods of which there are several, since it would never let the only one go.

    Args:
        scope: The construct that it is part of.
        id_: The construct's id.
        metadata: Name, namespace and labels.
        selector: Finds the pods.
    """
    return k8s.PodDisruptionBudgetV1(
        scope,
        id_,
        metadata=k8s.PodDisruptionBudgetV1Metadata(**metadata),  # type: ignore[arg-type]  # name, namespace, labels
        spec=k8s.PodDisruptionBudgetV1Spec(
            max_unavailable="1", selector=k8s.PodDisruptionBudgetV1SpecSelector(match_labels=dict(selector))
        ),
    )
