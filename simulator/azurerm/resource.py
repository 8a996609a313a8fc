"""What all azurerm resource types have in common: ids, parents, resource providers, Azure's errors."""

import re
from typing import Final

from simulator.azurerm import registration
from simulator.resource import CloudError, Resource, stable_uuid
from simulator.values import is_given
from simulator.world import Scope, Values, World

GROUP: Final = "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
_GROUP_ID: Final = re.compile(r"/subscriptions/[^/]+/resourceGroups/([^/]+)")
# Stands where Azure would give a credential.
NO_CREDENTIAL: Final = "simulated-no-credential"


class AzurermResource(Resource):
    """An azurerm resource type; subclasses name its id, and check what Azure checks.

    The id says most of it: the namespace that must be registered, and the parent that must exist.
    """

    # As in the provider's documentation: GROUP + "/providers/Microsoft.Network/virtualNetworks/{name}".
    id_template: str = ""
    # What the provider calls it in errors: "Virtual Network".
    title: str = ""
    # Arguments that hold ids of what must exist, by schema path.
    references: tuple[str, ...] = ()
    # Results that an update may change.
    follows: tuple[str, ...] = ()

    def new_id(self, values: Values) -> str:
        """Gives the id of a resource to create or to look up; `values` holds the subscription as well."""
        return (self.id_template or self._guessed_template(values)).format_map(values)

    def fresh_id(self, values: Values, scope: Scope) -> str:
        """Gives the id of a resource to create; what the provider generates of it is generated once only."""
        return self.new_id(values)

    def _guessed_template(self, values: Values) -> str:
        place = GROUP if values.get("resource_group_name") else "/subscriptions/{subscription_id}"
        name = values.get("name") or stable_uuid(repr(values))
        return f"{place}/providers/Simulated/{self.type_name}/{name}"

    def id(self, values: Values) -> str:
        """Gives the id that was set before the create."""
        return str(values["id"])

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses what lacks its namespace, its parent or something it refers to."""
        self._check_namespace(values["id"], scope)
        self._check_parent(values["id"], scope)
        for path in self.references:
            for id_ in _given(values, path.split(".")):
                if not exists(id_, scope):
                    raise self.failed(values, not_found(id_))

    def _check_namespace(self, id_: str, scope: Scope) -> None:
        _, _, rest = id_.rpartition("/providers/")
        namespace = rest.partition("/")[0]
        known = self.id_template and namespace
        if known and not registration.is_registered(subscription_of(id_), namespace, scope):
            raise self.failed(
                {"id": id_},
                "409 (409 Conflict) with error: MissingSubscriptionRegistration: The subscription is not registered to "
                f"use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.",
            )

    def _check_parent(self, id_: str, scope: Scope) -> None:
        parent = parent_id(id_)
        if exists(parent, scope):
            return
        if _GROUP_ID.fullmatch(parent):
            raise self.failed({"id": id_}, not_found(parent))
        raise self.failed(
            {"id": id_},
            "404 (404 Not Found) with error: ParentResourceNotFound: Failed to perform 'write' on resource(s) of type "
            f"'{type_of(id_)}', because the parent resource '{parent}' could not be found.",
        )

    def already_exists(self, values: Values) -> CloudError:
        """Gives the provider's error for what must be imported."""
        return CloudError(
            f'A resource with the ID "{values["id"]}" already exists - to be managed via Terraform this resource needs '
            f'to be imported into the State. Please see the resource documentation for "{self.type_name}" for more '
            "information."
        )

    def failed(self, values: Values, status: str) -> CloudError:
        """Gives the provider's error for a failed create; `status` is the answer's: `404 (404 Not Found) with …`."""
        return CloudError(f"creating {self.describe(values['id'])}: unexpected status {status}")

    def describe(self, id_: str) -> str:
        """Gives a resource as the provider names it in errors."""
        group = _GROUP_ID.match(id_)
        place = f'Subscription: "{subscription_of(id_)}"' + (f' Resource Group Name: "{group[1]}"' if group else "")
        title = self.title or self.type_name
        return f'{title} ({place} {title} Name: "{id_.rpartition("/")[2]}")'

    def touch(self, values: Values, scope: Scope, world: World) -> None:
        """Gives the results that follow from the new values."""
        computed = self.computed(values, scope, world)
        values.update({name: computed[name] for name in self.follows})

    def delete(self, values: Values, scope: Scope, world: World) -> None:
        """Removes the resource with all that lies below it: its children, and the roles granted on it."""
        for type_name in scope.types():
            for id_ in scope.keys(type_name):
                if id_.startswith(f"{values['id']}/"):
                    scope.delete(type_name, id_)
        super().delete(values, scope, world)


def subscription_of(id_: str) -> str:
    """Gives the subscription's GUID."""
    return id_.split("/")[2]


def type_of(id_: str) -> str:
    """Gives `storageAccounts/blobServices` of an id below `/providers/Microsoft.Storage`."""
    names = id_.rpartition("/providers/")[2].split("/")
    return "/".join(names[1::2])


def parent_id(id_: str) -> str:
    """Gives the id of what a resource lies in: another resource, a resource group or the subscription."""
    parent = id_.rsplit("/", 2)[0]
    # There is one blob service in each account.
    return re.sub(r"/providers/[^/]+$|/blobServices/default$", "", parent)


def exists(id_: str, scope: Scope) -> bool:
    """Says whether there is something of this id; subscriptions and what is above them always exist."""
    if not _GROUP_ID.match(id_):
        return True
    return any(scope.get(type_name, id_) is not None for type_name in scope.types())


def not_found(id_: str) -> str:
    """Gives Azure's 404 for a resource or resource group."""
    group = _GROUP_ID.match(id_)
    name = group[1] if group else ""
    if group and group.end() == len(id_):
        return f"404 (404 Not Found) with error: ResourceGroupNotFound: Resource group '{name}' could not be found."
    resource = f"'{id_.rpartition('/providers/')[2]}' under resource group '{name}'"
    return f"404 (404 Not Found) with error: ResourceNotFound: The Resource {resource} was not found."


def _given(values: Values, path: list[str]) -> list[str]:
    name, *rest = path
    value = values.get(name)
    if not rest:
        return [str(value)] if is_given(value) else []
    return [id_ for block in value or [] for id_ in _given(block, rest)]
