"""One simulated provider: plans from schema and traits, applies to the world."""

from dataclasses import dataclass, field
from functools import cache, cached_property

from simulator.planning import Planner, Steps, empty_instead_of_null, replacing_paths
from simulator.resource import CloudError, Resource, fill
from simulator.schema import ProviderSchema
from simulator.traits import Traits, load_traits
from simulator.values import UNKNOWN, Value
from simulator.world import Scope, Values, World


@dataclass
class Applied:
    """What an apply left: the new values (None: deleted), the error that stopped it, warnings."""

    values: Values | None
    error: CloudError | None = None
    warnings: list[str] = field(default_factory=list)


class Provider:
    """The parts that all providers share; `config` is the provider's configuration of one Terraform connection."""

    name: str

    def __init__(self, world: World) -> None:
        self.world = world
        self.resource = cache(self._resource)

    @cached_property
    def schema(self) -> ProviderSchema:
        """Gives the recorded schema; read when it is first asked for, as few runs use all providers."""
        return ProviderSchema(self.name)

    def _resource(self, type_name: str) -> Resource:
        """Gives the behaviour of a resource type."""
        raise NotImplementedError

    def scope(self, config: Values) -> Scope:
        """Gives the part of the world that this configuration reaches; raises CloudError."""
        raise NotImplementedError

    def configure(self, config: Values) -> None:
        """Does what the provider does when it is configured; raises CloudError."""

    def customize_plan(self, config: Values, planned: Values, prior: Values | None) -> None:
        """Plans what comes from the provider's configuration."""

    def before_create(self, config: Values, resource: Resource, planned: Values) -> None:
        """Sets what comes from the provider's configuration and is not in the plan."""

    def before_delete(self, config: Values, resource: Resource, prior: Values) -> None:
        """Raises CloudError for what the provider's configuration does not let it delete."""

    def read_data(self, config: Values, type_name: str, wanted: Values) -> Values:
        """Gives the values of a data source; raises CloudError."""
        raise CloudError(f"data source {type_name} is not simulated", f"Add it to simulator/{self.name}/.")

    def plan(self, config: Values, type_name: str, wanted: Values, prior: Values | None) -> tuple[Values, list[Steps]]:
        """Gives the planned values and where they force a replacement."""
        block = self.schema.resource(type_name)
        traits = load_traits(self.name).get(type_name, Traits())
        planned = Planner(traits, creating=prior is None).block(block, wanted, prior)
        for name, source in traits.configured.items():
            if planned[name] is UNKNOWN and config.get(source) is not None:
                planned[name] = config[source]
        self.customize_plan(config, planned, prior)
        resource = self.resource(type_name)
        resource.customize(planned, prior)
        if prior is None or planned == prior:
            return planned, []
        replace = [*replacing_paths(block, traits, planned, prior), *resource.replaced_for(planned, prior)]
        return empty_instead_of_null(block, planned), replace

    def apply(self, config: Values, type_name: str, planned: Values | None, prior: Values | None) -> Applied:
        """Creates (no prior values), updates, or deletes (no planned values)."""
        resource = self.resource(type_name)
        with self.world.locked():
            try:
                scope = self.scope(config)
                if planned is None:
                    self.before_delete(config, resource, prior or {})
                    return self._delete(resource, scope, prior or {})
                if prior is None:
                    self.before_create(config, resource, planned)
                    values = self._create(resource, scope, planned)
                else:
                    values = self._update(resource, scope, planned)
            except CloudError as error:
                return Applied(prior, error)
            try:
                return Applied(values, warnings=resource.settle(values, scope, self.world))
            except CloudError as error:
                return Applied(values, error)

    def _create(self, resource: Resource, scope: Scope, planned: Values) -> Values:
        id_ = resource.id(planned)
        values: Values = fill(
            resource.block, planned, {"id": id_, **resource.computed(planned, scope, self.world)}, id_
        )
        resource.check(values, scope, self.world)
        exists = scope.get(resource.stored_as, resource.key(values)) is not None
        refusal = resource.already_exists(values) if exists else None
        if refusal:
            raise refusal
        self._put(resource, scope, values)
        return values

    def _update(self, resource: Resource, scope: Scope, planned: Values) -> Values:
        if scope.get(resource.stored_as, resource.key(planned)) is None:
            raise CloudError(f"{resource.type_name} {planned['id']} not found")
        values: Values = fill(resource.block, planned, resource.computed(planned, scope, self.world), planned["id"])
        resource.check(values, scope, self.world)
        resource.touch(values, scope, self.world)
        self._put(resource, scope, values)
        return values

    def _delete(self, resource: Resource, scope: Scope, prior: Values) -> Applied:
        existing = scope.get(resource.stored_as, resource.key(prior))
        if existing is not None:
            resource.check_delete(existing, scope, self.world)
            resource.delete(existing, scope, self.world)
        return Applied(None)

    def _put(self, resource: Resource, scope: Scope, values: Values) -> None:
        kept = {name: value for name, value in values.items() if name != "timeouts"}
        scope.put(resource.stored_as, resource.key(values), kept)

    def read(self, config: Values, type_name: str, state: Values) -> Values | None:
        """Gives the values as they are in the world, None if the resource is gone."""
        resource = self.resource(type_name)
        existing = self.scope(config).get(resource.stored_as, resource.key(state))
        return None if existing is None else self._complete(type_name, existing, state)

    def import_(self, config: Values, type_name: str, import_id: str) -> Values:
        """Gives the resource to import; one that does not exist has no more than its id."""
        existing = self.resource(type_name).find(import_id, self.scope(config))
        return self._complete(type_name, existing or {"id": import_id}, {})

    def upgrade(self, type_name: str, state: Values) -> Values:
        """Gives the stored state with just the attributes of the schema."""
        return self._complete(type_name, state, state)

    def _complete(self, type_name: str, values: Values, state: Values) -> Values:
        block = self.schema.resource(type_name)
        names: list[str] = [*block.attributes, *block.nested]
        empty: dict[str, Value] = {
            name: [] for name, one in block.nested.items() if one.nesting in ("list", "set") and not one.is_attribute
        }
        complete = {name: values.get(name, empty.get(name)) for name in names}
        return complete | ({"timeouts": state.get("timeouts")} if "timeouts" in names else {})
