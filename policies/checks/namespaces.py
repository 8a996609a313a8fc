"""Namespaces: what pods in them may do, whose they are, and who reaches their pods."""

from collections.abc import Iterator

from policies.checks.stack import Outcome, Stack
from policies.documents import mapping

_ENFORCE = "pod-security.kubernetes.io/enforce"
# https://kubernetes.io/docs/concepts/security/pod-security-standards: the third, privileged, forbids nothing.
_STANDARDS = ("restricted", "baseline")


def pod_security(stack: Stack) -> Iterator[Outcome]:
    """The label that makes Kubernetes refuse pods beyond a standard."""
    for namespace in stack.objects("Namespace"):
        level = mapping(namespace.metadata.get("labels")).get(_ENFORCE)
        yield namespace, None if level in _STANDARDS else f"the label {_ENFORCE} is {level or 'missing'}"


def owners(stack: Stack) -> Iterator[Outcome]:
    """The labels by which a namespace's environment and service are found."""
    for namespace in stack.objects("Namespace"):
        labels = mapping(namespace.metadata.get("labels"))
        wanted = {"app.kubernetes.io/part-of": stack.settings.name}
        wrong = [key for key, value in wanted.items() if labels.get(key) != value]
        wrong += [key for key in ("app.kubernetes.io/name", "app.kubernetes.io/managed-by") if not labels.get(key)]
        yield namespace, f"missing or not the environment's: {', '.join(wrong)}" if wrong else None


def traffic_rules(stack: Stack) -> Iterator[Outcome]:
    """A NetworkPolicy in each namespace: without any, all pods of the cluster reach those in it."""
    closed = {each.namespace for each in stack.objects("NetworkPolicy")}
    for namespace in stack.objects("Namespace"):
        name = namespace.metadata.get("name")
        yield namespace, None if name in closed else "no NetworkPolicy of the stack is in it"
