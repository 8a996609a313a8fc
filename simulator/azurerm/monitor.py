"""Logs and what is collected into them."""

from simulator.azurerm.resource import GROUP, NO_CREDENTIAL, AzurermResource
from simulator.resource import digest, stable_uuid
from simulator.world import Scope, Values, World


class LogAnalyticsWorkspace(AzurermResource):
    """A workspace."""

    id_template = GROUP + "/providers/Microsoft.OperationalInsights/workspaces/{name}"
    title = "Workspace"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its id for agents, and Azure's defaults."""
        return {
            "workspace_id": stable_uuid(values["id"]),
            "primary_shared_key": NO_CREDENTIAL,
            "secondary_shared_key": NO_CREDENTIAL,
            "retention_in_days": 30,
            "sku": "PerGB2018",
            "local_authentication_enabled": True,
        }


class DataCollectionRule(AzurermResource):
    """What is collected, and where it goes."""

    id_template = GROUP + "/providers/Microsoft.Insights/dataCollectionRules/{name}"
    title = "Data Collection Rule"
    references = ("data_collection_endpoint_id", "destinations.log_analytics.workspace_resource_id")

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its id for agents."""
        return {"immutable_id": f"dcr-{digest(values['id'])[:32]}"}


class DataCollectionRuleAssociation(AzurermResource):
    """A rule applied to a resource."""

    id_template = "{target_resource_id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{name}"
    title = "Data Collection Rule Association"
    references = ("data_collection_rule_id", "data_collection_endpoint_id")


RESOURCES = {
    "azurerm_log_analytics_workspace": LogAnalyticsWorkspace,
    "azurerm_monitor_data_collection_rule": DataCollectionRule,
    "azurerm_monitor_data_collection_rule_association": DataCollectionRuleAssociation,
}
