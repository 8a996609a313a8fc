"""A client of a real provider plugin: starts the binary and speaks Terraform's plugin protocol with it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
from google.protobuf.message import Message
from tf.gen import tfplugin_pb2 as protocol  # type: ignore[import-untyped]  # ships no types

from simulator import reattachment
from simulator.values import Value, decode, encode

# go-plugin refuses to start without this; see terraform's internal/plugin/serve.go.
_MAGIC_COOKIE = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
# The messages used here have the same fields in protocols 5 and 6, only some calls have other names.
_NAMES_IN_PROTOCOL_5 = {
    "GetProviderSchema": "GetSchema",
    "ConfigureProvider": "Configure",
    "ValidateProviderConfig": "PrepareProviderConfig",
    "ValidateResourceConfig": "ValidateResourceTypeConfig",
    "ValidateDataResourceConfig": "ValidateDataSourceConfig",
}
# Variables that the plugin may see: none of the many that hold credentials or name a cluster.
_HARMLESS_VARIABLES = ("HOME", "PATH", "TMPDIR")
# An address where nobody answers: a plan that asks a cloud fails instead of reaching it.
NOBODY = "127.0.0.1:1"
NO_NETWORK = {
    "HTTP_PROXY": f"http://{NOBODY}",
    "HTTPS_PROXY": f"http://{NOBODY}",
    # Else azurerm asks Azure for its locations and resource providers.
    "ARM_PROVIDER_ENHANCED_VALIDATION": "false",
}
# The plugin itself does not notice the end of who started it; this shell does, however that ended: its input closes.
_UNTIL_STDIN_CLOSES = '"$0" & exec >/dev/null; read -r _; kill $!'


# One of the protocol's answers; all of those have diagnostics.
Answer = TypeVar("Answer", bound=Any)


class RealProviderError(Exception):
    """The provider answered with an error."""


class ProviderCrashedError(RealProviderError):
    """The provider's process ended during a call; another one has taken its place."""


class RealProvider:
    """One running provider plugin; use as a context manager."""

    def __init__(self, binary: Path, variables: Mapping[str, str] | None = None) -> None:
        """Starts it.

        Args:
            binary: The plugin.
            variables: What it finds in its environment beside the harmless ones.
        """
        self._binary = binary
        self._variables = dict(variables or {})
        # What it was last configured with.
        self.config: Value = None
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            ["sh", "-c", _UNTIL_STDIN_CLOSES, self._binary],
            env={
                **{name: os.environ[name] for name in _HARMLESS_VARIABLES if name in os.environ},
                **NO_NETWORK,
                **self._variables,
                **_MAGIC_COOKIE,
                "PLUGIN_PROTOCOL_VERSIONS": "5,6",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None  # noqa: S101 - PIPE above gives one
        # core version | protocol | network | address | "grpc" | certificate
        fields = self._process.stdout.readline().strip().split("|")
        if len(fields) < 5:
            self._process.communicate()
            raise RealProviderError(f"{self._binary} did not start as a provider plugin")
        self.protocol_version = int(fields[1])
        self._socket = Path(fields[3]) if fields[2] == "unix" else None
        target = f"unix:{fields[3]}" if self._socket else fields[3]
        #: For Terraform, which then speaks with this process itself.
        self.reattachment = reattachment.entry(
            self._process.pid, protocol=self.protocol_version, network=fields[2], address=fields[3]
        )
        self._channel = grpc.insecure_channel(target, options=[("grpc.max_receive_message_length", -1)])

    def stop(self) -> None:
        """Ends the plugin."""
        self._channel.close()
        # Closes its input.
        self._process.communicate()
        if self._socket:
            self._socket.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def schema(self) -> protocol.GetProviderSchema.Response:
        """Asks for the schemas of the provider, its resources and its data sources."""
        return self._call(
            "GetProviderSchema", protocol.GetProviderSchema.Request(), protocol.GetProviderSchema.Response
        )

    def configure(self, config: Value) -> None:
        """Configures the provider; `config` holds every attribute of its schema."""
        request = protocol.ConfigureProvider.Request(terraform_version="1.11.4", config=encode(config))
        self._call("ConfigureProvider", request, protocol.ConfigureProvider.Response)
        self.config = config

    def plan(self, type_name: str, *, prior: Value, config: Value, proposed: Value) -> "Plan":
        """Asks what the provider would do; a `prior` of None means a new resource."""
        request = protocol.PlanResourceChange.Request(
            type_name=type_name,
            prior_state=encode(prior),
            config=encode(config),
            proposed_new_state=encode(proposed),
        )
        return Plan(self._call("PlanResourceChange", request, protocol.PlanResourceChange.Response))

    def call(self, name: str, request: Message, answer: type[Answer]) -> Answer:
        """Gives the provider's answer as it is, errors included; raises ProviderCrashedError.

        `name` is the call's name in protocol 6.
        """
        if self.protocol_version == 5:
            name = _NAMES_IN_PROTOCOL_5.get(name, name)
        call: grpc.UnaryUnaryMultiCallable[Message, Answer] = self._channel.unary_unary(
            f"/tfplugin{self.protocol_version}.Provider/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        try:
            response: Answer = call(request)
        except grpc.RpcError as error:
            # A panic in the provider ends its process.
            self.stop()
            self._start()
            if self.config is not None:
                self.configure(self.config)
            raise ProviderCrashedError(f"the provider crashed in {name}: {error}") from error
        return response

    def _call(self, name: str, request: Message, answer: type[Answer]) -> Answer:
        response = self.call(name, request, answer)
        errors = [d for d in response.diagnostics if d.severity == protocol.Diagnostic.ERROR]
        if errors:
            raise RealProviderError("; ".join(f"{d.summary} {d.detail}".strip() for d in errors))
        return response


class Plan:
    """A provider's answer to a planned change."""

    def __init__(self, response: protocol.PlanResourceChange.Response) -> None:
        self.planned: Value = decode(response.planned_state)
        self.requires_replace = sorted({_schema_path(path) for path in response.requires_replace})


def _schema_path(path: protocol.AttributePath) -> str:
    """Gives the path as in the schema, without the positions in lists: `spec.template.metadata`."""
    return ".".join(step.attribute_name for step in path.steps if step.attribute_name)
