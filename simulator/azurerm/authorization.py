"""Role assignments, and roles of one's own."""

from collections.abc import Collection
from typing import Final

from simulator.azurerm.resource import AzurermResource, exists, not_found
from simulator.resource import CloudError, stable_uuid
from simulator.values import is_given
from simulator.world import Scope, Values, World

# Built-in roles with their ids in all of Azure; others get an id that is made up.
_ROLES: Final = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "Azure Kubernetes Service RBAC Cluster Admin": "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
}
_TYPE: Final = "azurerm_role_assignment"
_DEFINITION: Final = "azurerm_role_definition"
# Nothing can be assigned twice with these alike.
_TELLING: Final = ("scope", "principal_id", "role_definition_name")


class _Generated(AzurermResource):
    """What the provider gives a new GUID to, unless one is given."""

    # The argument that takes it.
    guid: str

    def telling(self, values: Values) -> list[str]:
        """Gives what the GUID is made of, which stands for chance: the same in each rehearsal."""
        raise NotImplementedError

    def new_id(self, values: Values) -> str:
        """Gives the id with the GUID that is given, or the first that is generated."""
        given = values[self.guid]
        return super().new_id(values | {self.guid: given if is_given(given) else stable_uuid(*self.telling(values))})

    def fresh_id(self, values: Values, scope: Scope) -> str:
        """Gives another GUID each time."""
        telling, id_ = self.telling(values), self.new_id(values)
        while not is_given(values[self.guid]) and scope.get(self.type_name, id_) is not None:
            telling.append("again")
            id_ = self.new_id(values | {self.guid: stable_uuid(*telling)})
        return id_


class RoleAssignment(_Generated):
    """A role that a principal has on a scope and all below it."""

    id_template = "{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    title = "Role Assignment"
    guid = "name"

    def telling(self, values: Values) -> list[str]:
        """Gives what, where and whose it is."""
        return [values["scope"], _role(values), values["principal_id"]]

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives the role by name and by id."""
        given = values["role_definition_name"]
        own = {one["role_definition_id"]: one["name"] for one in scope.all(_DEFINITION).values()}
        by_id = {id_: name for name, id_ in _ROLES.items()} | own
        name = given if is_given(given) else by_id.get(_role(values), "")
        guid = next((id_ for id_, one in by_id.items() if one == name), stable_uuid("role", name))
        place = "/".join(values["id"].split("/")[:3])
        return {
            "name": values["id"].rpartition("/")[2],
            "role_definition_name": name,
            "role_definition_id": f"{place}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
            "principal_type": "ServicePrincipal",
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a scope that is missing, and a second assignment of the same role."""
        if not exists(values["scope"], scope):
            raise CloudError(f"unexpected status {not_found(values['scope'])}")
        for id_, other in scope.all(self.type_name).items():
            if id_ != values["id"] and all(other[name] == values[name] for name in _TELLING):
                raise self.already_exists(other)

    def already_exists(self, values: Values) -> CloudError:
        """Gives Azure's 409."""
        name = values["id"].rpartition("/")[2].replace("-", "")
        return CloudError(
            "unexpected status 409 (409 Conflict) with error: RoleAssignmentExists: The role assignment already "
            f"exists. The ID of the existing role assignment is {name}."
        )


def _role(values: Values) -> str:
    """Gives the role's name, or its GUID where it is given by id."""
    name = values["role_definition_name"]
    return name if is_given(name) else str(values["role_definition_id"]).rpartition("/")[2]


def has_role(principal: str, roles: Collection[str], id_: str, scope: Scope) -> bool:
    """Says whether the principal has one of the roles on the resource, its group or its subscription."""
    return any(
        one["principal_id"] == principal
        and one["role_definition_name"] in roles
        and f"{id_}/".startswith(f"{one['scope']}/")
        for one in scope.all(_TYPE).values()
    )


class RoleDefinition(_Generated):
    """A role of one's own; a tenant has one of a name."""

    # Behind the resource's own id, the provider notes the scope.
    id_template = "{scope}/providers/Microsoft.Authorization/roleDefinitions/{role_definition_id}|{scope}"
    title = "Role Definition"
    guid = "role_definition_id"

    def telling(self, values: Values) -> list[str]:
        """Gives where it is, and its name."""
        return [values["scope"], values["name"]]

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its ids, and the scope as the only one where it can be assigned."""
        resource_id = values["id"].partition("|")[0]
        return {
            "role_definition_id": resource_id.rpartition("/")[2],
            "role_definition_resource_id": resource_id,
            "assignable_scopes": [values["scope"]],
        }

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a name that another role has."""
        others = [one["name"] for id_, one in scope.all(self.type_name).items() if id_ != values["id"]]
        if values["name"] in others or values["name"] in _ROLES:
            raise self.failed(
                values,
                "409 (409 Conflict) with error: RoleDefinitionWithSameNameExists: A custom role with the same name "
                f"already exists in this directory: {values['name']}.",
            )

    def check_delete(self, values: Values, scope: Scope, world: World) -> None:
        """Keeps a role that somebody has."""
        definition = values["role_definition_resource_id"]
        if any(one["role_definition_id"] == definition for one in scope.all(_TYPE).values()):
            raise CloudError(
                "unexpected status 400 (400 Bad Request) with error: RoleDefinitionHasAssignments: There are existing "
                "role assignments referencing role definition "
                f"'{values['role_definition_id']}'. Please delete them before deleting the role."
            )


RESOURCES = {_TYPE: RoleAssignment, _DEFINITION: RoleDefinition}
