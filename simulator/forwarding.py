"""Checks and plans by the real provider plugins, where they are at hand; nothing else of a rehearsal reaches them."""

import threading
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import Message
from tf.gen import tfplugin_pb2 as protocol  # type: ignore[import-untyped]  # ships no types

from simulator.identity_endpoint import azurerm_without_access
from simulator.real_provider import NOBODY, ProviderCrashedError, RealProvider, RealProviderError
from simulator.resource import CloudError
from simulator.schema import ProviderSchema
from simulator.world import Values

# What azurerm's plans may depend on.
_KEPT_OF_AZURERM: Final = ("features", "storage_use_azuread", "subscription_id")
_GOOGLE_WITHOUT_ACCESS: Final[Values] = {
    "access_token": "fake",
    "credentials": None,
    "external_credentials": [],
    "impersonate_service_account": None,
}


class AskedItsCloudError(Exception):
    """The real plugin cannot plan this without its cloud, which nobody answers for; with its words."""


class Forwarding:
    """One real plugin, started when it is first asked, for all Terraform processes together.

    A plugin knows one configuration at a time, so calls come one after another; each takes milliseconds.
    """

    def __init__(self, name: str, binary: Path) -> None:
        self._name = name
        self._binary = binary
        self._schema = ProviderSchema(name)
        self._real: RealProvider | None = None
        self._lock = threading.Lock()

    def validate(self, call: str, request: Message) -> Any:  # noqa: ANN401 - one of three answers, by the call
        """Asks whether a configuration is valid: of the provider, a resource or a data source."""
        return self._answer(call, request)

    def plan(
        self, config: Values, request: protocol.PlanResourceChange.Request
    ) -> protocol.PlanResourceChange.Response:
        """Asks what would change under a configuration of the provider; raises AskedItsCloudError."""
        response = self._answer("PlanResourceChange", request, self._without_access(config))
        for one in response.diagnostics:
            said = f"{one.summary} {one.detail}".strip()
            if f"dial tcp {NOBODY}:" in said:
                raise AskedItsCloudError(said)
        return response

    def stop(self) -> None:
        """Ends the plugin, if it was started."""
        with self._lock:
            if self._real:
                self._real.stop()
                self._real = None

    def _answer(self, call: str, request: Message, config: Values | None = None) -> Any:  # noqa: ANN401 - by the call
        with self._lock:
            try:
                if self._real is None:
                    self._real = RealProvider(self._binary)
                if config is not None and config != self._real.config:
                    self._real.configure(config)
                response = self._ask_twice(self._real, call, request)
            except RealProviderError as error:
                raise CloudError(f"The real plugin of provider {self._name} failed", str(error)) from error
        # Answers to questions of newer protocols, which the recorded schemas do not announce.
        response.DiscardUnknownFields()
        return response

    def _ask_twice(self, real: RealProvider, call: str, request: Message) -> Any:  # noqa: ANN401 - by the call
        answer = getattr(protocol, call).Response
        try:
            return real.call(call, request, answer)
        except ProviderCrashedError:
            return real.call(call, request, answer)

    def _without_access(self, config: Values) -> Values:
        """Takes out of a provider's configuration what could reach anybody."""
        if self._name == "google":
            # With a token at hand the plugin looks for no other credentials, and it does not use the token to plan.
            return {**config, **_GOOGLE_WITHOUT_ACCESS}
        nothing = self._schema.provider.empty()
        if self._name == "azurerm":
            return nothing | {name: config[name] for name in _KEPT_OF_AZURERM} | azurerm_without_access()
        # No plan of the plugin's depends on the cluster, and exec blocks would run programs.
        return nothing | {"host": f"https://{NOBODY}"}
