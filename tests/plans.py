"""Plans as `terraform show -json` prints them, a resource at a time."""

from typing import Any

Values = dict[str, Any]


def resource_change(
    address: str = "kubernetes_deployment_v1.service",
    *,
    actions: tuple[str, ...] = ("update",),
    before: Values | None = None,
    after: Values | None = None,
    **more: Any,  # noqa: ANN401 - JSON of any shape
) -> Values:
    """An entry of `resource_changes`; `more` goes into its `change`."""
    type_name, _, name = address.partition(".")
    provider = type_name.partition("_")[0]
    return {
        "address": address,
        "mode": "managed",
        "type": type_name,
        "name": name,
        "provider_name": f"registry.terraform.io/hashicorp/{provider}",
        "change": {"actions": list(actions), "before": before, "after": after, **more},
    }


def plan_of(*entries: Values) -> Values:
    """A plan."""
    return {"format_version": "1.2", "resource_changes": list(entries)}
