"""Serves the simulated providers over Terraform's plugin protocol 6."""

import json
import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import grpc
from google.protobuf.message import Message
from tf.gen import tfplugin_pb2 as protocol  # type: ignore[import-untyped]  # ships no types

from simulator import reattachment
from simulator.fallbacks import note_fallback
from simulator.forwarding import AskedItsCloudError, Forwarding
from simulator.injection import Call, Connections, FaultInjection
from simulator.planning import Steps
from simulator.provider import Provider
from simulator.resource import CloudError
from simulator.values import decode, encode
from simulator.world import Values

Handler = Callable[[Any, grpc.ServicerContext], Any]


class ProviderService:
    """Answers Terraform's calls to one provider; checks and plans may be those of its real plugin."""

    def __init__(
        self,
        provider: Provider,
        forwarding: Forwarding | None = None,
        faults: FaultInjection | None = None,
        types: Collection[str] = (),
    ) -> None:
        self._provider = provider
        self._types = types
        self._forwarding = forwarding
        self._faults = faults
        self._connections = Connections()
        # Several terraform processes, and several configurations in one, share this server: each has its connection.
        self._configs: dict[str, Values] = {}

    @cached_property
    def _schema(self) -> protocol.GetProviderSchema.Response:
        return self._provider.schema.announced(self._types)

    def handlers(self) -> grpc.GenericRpcHandler:
        """Gives the calls in the form that gRPC serves; Terraform does without those that are not there."""
        calls: dict[str, Handler] = {
            "GetProviderSchema": lambda _request, _context: self._schema,
            "ValidateProviderConfig": self._validate("ValidateProviderConfig"),
            "ValidateResourceConfig": self._validate("ValidateResourceConfig"),
            "ValidateDataResourceConfig": self._validate("ValidateDataResourceConfig"),
            "StopProvider": self._stop,
            "ConfigureProvider": self._configure,
            "UpgradeResourceState": self._upgrade,
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": self._apply,
            "ReadResource": self._read,
            "ImportResourceState": self._import,
            "ReadDataSource": self._read_data,
        }
        methods = {name: _method(name, self._faulty(name, handler)) for name, handler in calls.items()}
        return grpc.method_handlers_generic_handler("tfplugin6.Provider", methods)

    def _faulty(self, call: str, handler: Handler) -> Handler:
        if self._faults is None:
            return handler
        faults = self._faults

        def answer(request: Message, context: grpc.ServicerContext) -> Any:  # noqa: ANN401 - the answer of any call
            one = Call(self._provider.name, call, request, context, self._connections)
            return faults.around(one, lambda: handler(request, context))

        return answer

    def _stop(
        self, _request: protocol.StopProvider.Request, context: grpc.ServicerContext
    ) -> protocol.StopProvider.Response:
        self._connections.stop(context.peer())
        return protocol.StopProvider.Response()

    def _validate(self, call: str) -> Handler:
        if self._forwarding:
            forwarding = self._forwarding
            return lambda request, _context: forwarding.validate(call, request)
        return lambda _request, _context: getattr(protocol, call).Response()

    def _configure(
        self, request: protocol.ConfigureProvider.Request, context: grpc.ServicerContext
    ) -> protocol.ConfigureProvider.Response:
        config = decode(request.config)
        self._provider.configure(config)
        self._configs[context.peer()] = config
        return protocol.ConfigureProvider.Response()

    def _config(self, context: grpc.ServicerContext) -> Values:
        """Gives the connection's configuration; a dropped connection that is made anew has none, like a new plugin."""
        config = self._configs.get(context.peer())
        if config is None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the provider is not configured on this connection")
        return config

    def _upgrade(
        self, request: protocol.UpgradeResourceState.Request, _context: grpc.ServicerContext
    ) -> protocol.UpgradeResourceState.Response:
        state = self._provider.upgrade(request.type_name, json.loads(request.raw_state.json))
        return protocol.UpgradeResourceState.Response(upgraded_state=encode(state))

    def _plan(
        self, request: protocol.PlanResourceChange.Request, context: grpc.ServicerContext
    ) -> protocol.PlanResourceChange.Response:
        config = self._config(context)
        diagnostics = []
        if self._forwarding:
            # Refuses a type that is not simulated.
            self._provider.resource(request.type_name)
            try:
                return self._forwarding.plan(config, request)
            except AskedItsCloudError as error:
                note_fallback(self._provider.world, request.type_name, self._provider.name)
                diagnostics.append(_fallback(self._provider.name, error))
        planned, replace = self._provider.plan(
            config, request.type_name, decode(request.config), decode(request.prior_state)
        )
        return protocol.PlanResourceChange.Response(
            planned_state=encode(planned),
            requires_replace=[_attribute_path(steps) for steps in replace],
            planned_private=request.prior_private,
            diagnostics=diagnostics,
            legacy_type_system=True,
        )

    def _apply(
        self, request: protocol.ApplyResourceChange.Request, context: grpc.ServicerContext
    ) -> protocol.ApplyResourceChange.Response:
        applied = self._provider.apply(
            self._config(context), request.type_name, decode(request.planned_state), decode(request.prior_state)
        )
        diagnostics = [_warning(text) for text in applied.warnings]
        if applied.error:
            diagnostics.append(_error(applied.error))
        return protocol.ApplyResourceChange.Response(
            new_state=encode(applied.values),
            private=request.planned_private,
            diagnostics=diagnostics,
            legacy_type_system=True,
        )

    def _read(
        self, request: protocol.ReadResource.Request, context: grpc.ServicerContext
    ) -> protocol.ReadResource.Response:
        state = decode(request.current_state)
        return protocol.ReadResource.Response(
            new_state=encode(self._provider.read(self._config(context), request.type_name, state)),
            private=request.private,
        )

    def _import(
        self, request: protocol.ImportResourceState.Request, context: grpc.ServicerContext
    ) -> protocol.ImportResourceState.Response:
        state = self._provider.import_(self._config(context), request.type_name, request.id)
        imported = protocol.ImportResourceState.ImportedResource(type_name=request.type_name, state=encode(state))
        return protocol.ImportResourceState.Response(imported_resources=[imported])

    def _read_data(
        self, request: protocol.ReadDataSource.Request, context: grpc.ServicerContext
    ) -> protocol.ReadDataSource.Response:
        values = self._provider.read_data(self._config(context), request.type_name, decode(request.config))
        return protocol.ReadDataSource.Response(state=encode(values))


def _method(name: str, handler: Handler) -> "grpc.RpcMethodHandler[Message, Message]":
    messages = getattr(protocol, name)

    def answer(request: Message, context: grpc.ServicerContext) -> Message:
        try:
            response: Message = handler(request, context)
        except CloudError as error:
            response = messages.Response(diagnostics=[_error(error)])
        return response

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=messages.Request.FromString,
        response_serializer=messages.Response.SerializeToString,
    )


def _error(error: CloudError) -> protocol.Diagnostic:
    return protocol.Diagnostic(severity=protocol.Diagnostic.ERROR, summary=error.summary, detail=error.detail)


def _warning(text: str) -> protocol.Diagnostic:
    return protocol.Diagnostic(severity=protocol.Diagnostic.WARNING, summary=text)


def _fallback(provider: str, error: AskedItsCloudError) -> protocol.Diagnostic:
    return protocol.Diagnostic(
        severity=protocol.Diagnostic.WARNING,
        summary=f"This plan is the simulator's own, not that of the real {provider}",
        detail=f"The real plugin asks its cloud for it, which a rehearsal never reaches: {error}",
    )


def _attribute_path(steps: Steps) -> protocol.AttributePath:
    path = protocol.AttributePath()
    for step in steps:
        if isinstance(step, int):
            path.steps.add(element_key_int=step)
        else:
            path.steps.add(attribute_name=step)
    return path


class Server:
    """Serves several providers, each on a port of its own of the loopback interface.

    TCP, because only there does gRPC tell one connection from another, and each has its provider configuration.
    `forwardings` are the real plugins that check and plan, by the provider's name; `faults` is what goes wrong. Of all
    types only `types` are announced to Terraform, if some are named.
    """

    def __init__(
        self,
        providers: list[Provider],
        forwardings: Mapping[str, Forwarding],
        faults: FaultInjection | None = None,
        types: Collection[str] = (),
    ) -> None:
        self._forwardings = forwardings
        self._servers: list[grpc.Server] = []
        self._ports: dict[str, int] = {}
        for provider in providers:
            server = grpc.server(
                ThreadPoolExecutor(max_workers=16),
                handlers=[ProviderService(provider, forwardings.get(provider.name), faults, types).handlers()],
                options=[("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)],
            )
            self._ports[provider.name] = server.add_insecure_port("127.0.0.1:0")
            server.start()
            self._servers.append(server)

    def reattach(self) -> str:
        """Gives the content of TF_REATTACH_PROVIDERS."""
        entries = {
            name: reattachment.entry(os.getpid(), protocol=6, network="tcp", address=f"127.0.0.1:{port}")
            for name, port in self._ports.items()
        }
        return json.dumps(reattachment.by_source(entries))

    def stop(self) -> None:
        """Ends all connections, and the real plugins."""
        for server in self._servers:
            server.stop(grace=None)
        for forwarding in self._forwardings.values():
            forwarding.stop()
