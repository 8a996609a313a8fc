"""Replicas: what is left of a service when a node goes."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks.stack import Outcome, Stack
from policies.documents import Document, mapping

# KServe's label of a model's pods.
_MODEL_LABEL = "serving.kserve.io/inferenceservice"
_WORKLOADS = ("Deployment", "StatefulSet", "InferenceService")


def budgets(stack: Stack) -> Iterator[Outcome]:
    """A PodDisruptionBudget where there are several: else an upgrade of nodes may take all at once."""
    for workload in stack.objects(*_WORKLOADS):
        if (count := _replicas(workload, stack)) > 1:
            found = any(_is_for(budget, workload) for budget in stack.objects("PodDisruptionBudget"))
            yield workload, None if found else f"{count} replicas, and no PodDisruptionBudget that selects their pods"


def single_replicas(stack: Stack) -> Iterator[Outcome]:
    """A second replica on nodes that Google takes back within a day."""
    # Not by type: an environment's model has keys of services and add-ons, and only GKE's has this one.
    pool = getattr(getattr(stack.settings, "cluster", None), "node_pool", None)
    if not getattr(pool, "preemptible", False):
        return
    for workload in stack.objects(*_WORKLOADS):
        single = _replicas(workload, stack) == 1
        yield workload, "one replica on preemptible nodes: nobody answers when its node goes" if single else None


def _replicas(workload: Document, stack: Stack) -> int:
    """How many there are at least."""
    if workload.kind == "InferenceService":
        given = mapping(workload.spec.get("predictor")).get("minReplicas")
    else:
        given = workload.spec.get("replicas")
    floors = [
        each.spec.get("minReplicas")
        for each in stack.objects("HorizontalPodAutoscaler")
        if each.namespace == workload.namespace
        and mapping(each.spec.get("scaleTargetRef")).get("name") == workload.metadata.get("name")
    ]
    return max(_number(each) for each in (given, *floors))


def _number(value: object) -> int:
    # Terraform's provider has it as a text; Kubernetes makes one where none is given.
    text = str(value)
    return int(text) if text.isdecimal() else 1


def _is_for(budget: Document, workload: Document) -> bool:
    labels = _pod_labels(workload)
    wanted = mapping(mapping(budget.spec.get("selector")).get("matchLabels"))
    return budget.namespace == workload.namespace and all(labels.get(key) == value for key, value in wanted.items())


def _pod_labels(workload: Document) -> Mapping[str, Any]:
    if workload.kind == "InferenceService":
        own = mapping(mapping(workload.spec.get("predictor")).get("labels"))
        return {_MODEL_LABEL: workload.metadata.get("name"), **own}
    template = mapping(workload.spec.get("template"))
    return mapping(mapping(template.get("metadata")).get("labels"))
