"""The Azure provider as every stack configures it."""

from collections.abc import Sequence

from cdktf import TerraformStack
from cdktf_cdktf_provider_azurerm import provider as azurerm


def connect_azure(
    stack: TerraformStack, *, subscription_id: str, register: Sequence[str] = (), protected: bool = True
) -> azurerm.AzurermProvider:
    """Configures the provider; the credential comes from `az login` or the environment at run time.

    Args:
        stack: The stack.
        subscription_id: Where its resources are.
        register: Resource providers such as `Microsoft.Storage` that the subscription must have. Registered by the
            provider's configuration, since as resources they could not be made where somebody has registered them.
        protected: Whether a destroy stops at a resource group into which others have put something, and leaves deleted
            logs to be recovered for two weeks, which keeps their workspace's name in use.
    """
    return azurerm.AzurermProvider(
        stack,
        "azurerm",
        subscription_id=subscription_id,
        resource_provider_registrations="none",
        resource_providers_to_register=list(register) or None,
        # Accounts here have no keys.
        storage_use_azuread=True,
        features=[
            azurerm.AzurermProviderFeatures(
                # Else a new account is asked for its queues, which only a role on its data allows.
                storage=[azurerm.AzurermProviderFeaturesStorage(data_plane_available=False)],
                resource_group=[
                    azurerm.AzurermProviderFeaturesResourceGroup(prevent_deletion_if_contains_resources=protected)
                ],
                log_analytics_workspace=[
                    azurerm.AzurermProviderFeaturesLogAnalyticsWorkspace(permanently_delete_on_destroy=not protected)
                ],
            )
        ],
    )
