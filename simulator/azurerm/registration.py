"""Resource providers of a subscription: what must be registered before Azure makes resources of a namespace."""

from collections.abc import Iterator
from typing import Final

from simulator.resource import CloudError
from simulator.world import Scope, Values

TYPE: Final = "azurerm_resource_provider_registration"
# Every subscription has these.
_ALWAYS: Final = ("microsoft.authorization", "microsoft.resources")
# `resource_provider_registrations` of the provider's configuration, as far as types of theirs are simulated:
# internal/resourceproviders/required.go of azurerm 4.55.0.
_CORE: Final = ("Microsoft.Compute", "Microsoft.ManagedIdentity", "Microsoft.Network", "Microsoft.Storage")
_EXTENDED: Final = (
    *_CORE,
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService",
    "Microsoft.KeyVault",
    "Microsoft.OperationalInsights",
    "Microsoft.OperationsManagement",
    "microsoft.insights",
)
_SETS: Final = {"none": (), "core": _CORE, "extended": _EXTENDED, "all": _EXTENDED, "legacy": _EXTENDED}


def is_registered(subscription: str, namespace: str, scope: Scope) -> bool:
    """Says whether resources of the namespace can be made; its case does not matter."""
    if namespace.lower() in _ALWAYS:
        return True
    wanted = registration_id(subscription, namespace).lower()
    return any(id_.lower() == wanted for id_ in scope.keys(TYPE))


def registration_id(subscription: str, namespace: str) -> str:
    """Gives the id of a registration."""
    return f"/subscriptions/{subscription}/providers/{namespace}"


def register(config: Values, scope: Scope) -> None:
    """Registers what the provider's configuration asks for, as its start does; none of it is ever undone."""
    for namespace in registered_by(config):
        if not is_registered(config["subscription_id"], namespace, scope):
            id_ = registration_id(config["subscription_id"], namespace)
            scope.put(TYPE, id_, {"id": id_, "name": namespace, "feature": [], "stays": True})


def registered_by(config: Values) -> Iterator[str]:
    """Names what the provider's configuration registers."""
    yield from _SETS[config.get("resource_provider_registrations") or "legacy"]
    yield from config.get("resource_providers_to_register") or []


def check_not_automatic(namespace: str, config: Values) -> None:
    """Refuses a resource for what the provider's configuration registers."""
    if namespace in registered_by(config):
        raise CloudError(
            f'The Resource Provider "{namespace}" is automatically registered by Terraform. To manage this Resource '
            'Provider registration with the "azurerm_resource_provider_registration" resource, you need to prevent '
            "Terraform from managing this Resource Provider automatically"
        )
