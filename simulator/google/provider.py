"""The simulated provider google."""

from typing import Final

from simulator.google import artifact_registry, container, federation, iam, network, project, storage
from simulator.google.container import NodePool
from simulator.google.data_sources import DATA_SOURCES
from simulator.google.resource import GoogleResource
from simulator.provider import Provider
from simulator.resource import CloudError, Resource, conformed
from simulator.values import UNKNOWN, is_given
from simulator.world import Scope, Values

_RESOURCES: Final[dict[str, type[GoogleResource]]] = {
    **artifact_registry.RESOURCES,
    **container.RESOURCES,
    **federation.RESOURCES,
    **iam.RESOURCES,
    **network.RESOURCES,
    **project.RESOURCES,
    **storage.RESOURCES,
}
# What comes from the provider's configuration, and its name there.
_PLACES: Final = {"project": "project", "region": "region", "zone": "zone", "location": "region"}
_ATTRIBUTION: Final = {"goog-terraform-provisioned": "true"}


class GoogleProvider(Provider):
    """One world-wide cloud."""

    name = "google"

    def _resource(self, type_name: str) -> GoogleResource:
        return _RESOURCES.get(type_name, GoogleResource)(type_name, self.schema.resource(type_name))

    def scope(self, config: Values) -> Scope:
        """The cloud is the same for each configuration."""
        return self.world.google

    def customize_plan(self, config: Values, planned: Values, prior: Values | None) -> None:
        """Plans labels."""
        if "effective_labels" in planned:
            _plan_labels(config, planned, prior)

    def before_create(self, config: Values, resource: Resource, planned: Values) -> None:
        """Sets project and place."""
        if isinstance(resource, NodePool):
            resource.place(planned)
        for name, source in _PLACES.items():
            if planned.get(name) is UNKNOWN and is_given(config.get(source)):
                planned[name] = config[source]
        if planned.get("project") is UNKNOWN:
            raise CloudError("project: required field is not set")

    def read_data(self, config: Values, type_name: str, wanted: Values) -> Values:
        """Reads what the resource type of the same name left in the world, or a data source of its own."""
        block = self.schema.data_source(type_name)
        asked = wanted | {
            name: config.get(source)
            for name, source in _PLACES.items()
            if name in block.attributes and not wanted[name]
        }
        if type_name in DATA_SOURCES:
            return conformed(block, asked | DATA_SOURCES[type_name](asked))
        if type_name not in self.schema.response.resource_schemas:
            return super().read_data(config, type_name, wanted)
        resource = self._resource(type_name)
        id_ = resource.id(asked)
        existing = self.world.google.get(type_name, id_)
        if existing is None:
            raise CloudError(f"{id_} not found")
        return conformed(block, existing | {name: value for name, value in asked.items() if value is not None})


def _plan_labels(config: Values, planned: Values, prior: Values | None) -> None:
    own = planned.get("labels", planned.get("resource_labels")) or {}
    defaults = config.get("default_labels") or {}
    # Google labels what Terraform creates, and leaves what was there before as it is.
    attribution = {} if config.get("add_terraform_attribution_label") is False else _ATTRIBUTION
    if prior is not None:
        attribution = {key: value for key, value in attribution.items() if key in (prior["effective_labels"] or {})}
    labels = UNKNOWN if own is UNKNOWN or defaults is UNKNOWN else {**attribution, **defaults, **own}
    planned["terraform_labels"] = planned["effective_labels"] = labels
