"""Makes the faults of a scenario happen, around the providers' answers."""

import fnmatch
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import grpc
import psutil
from google.protobuf.message import Message
from tf.gen import tfplugin_pb2 as protocol  # type: ignore[import-untyped]  # ships no types

from simulator.callers import Callers, kill
from simulator.fault_counts import FaultCounts
from simulator.faults import (
    Action,
    ChangeFault,
    DropFault,
    ErrorFault,
    Fault,
    HangFault,
    KillFault,
    LateFault,
    Scenario,
)
from simulator.resource import CloudError
from simulator.values import Value, decode
from simulator.world import Scope, Values, World

_CANCELLED: Final = CloudError("context canceled")
_ACTIONS: Final[dict[str, Action]] = {
    "ConfigureProvider": "configure",
    "PlanResourceChange": "plan",
    "ReadResource": "read",
    "ReadDataSource": "data",
}


class Connections:
    """Which connections were told to stop what is under way, or have ended."""

    def __init__(self) -> None:
        self._stopped: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def stop(self, peer: str) -> None:
        """Cancels what waits on behalf of this connection, now and later; providers do at StopProvider."""
        self._event(peer).set()

    def wait(self, context: grpc.ServicerContext, seconds: float | None) -> bool:
        """Waits; gives whether it was cancelled, by StopProvider or by the end of the connection."""
        event = self._event(context.peer())
        ends = None if seconds is None else time.monotonic() + seconds
        while context.is_active() and (ends is None or time.monotonic() < ends):
            if event.wait(0.1 if ends is None else min(0.1, max(0.0, ends - time.monotonic()))):
                return True
        return not context.is_active()

    def _event(self, peer: str) -> threading.Event:
        with self._lock:
            return self._stopped.setdefault(peer, threading.Event())


@dataclass(frozen=True)
class Call:
    """One call of Terraform's.

    Attributes:
        provider: The provider's name.
        name: The call's, as in the protocol: `ApplyResourceChange`.
        request: The question.
        context: The call as gRPC knows it.
        connections: All of this provider.
    """

    provider: str
    name: str
    request: Message
    context: grpc.ServicerContext
    connections: Connections


class FaultInjection:
    """The faults of one scenario in one world."""

    def __init__(self, scenario: Scenario, world: World, origin: int) -> None:
        """Counts in a file beside the world.

        Args:
            scenario: What goes wrong.
            world: The world.
            origin: The id of the process that a run started from: only what descends from it is killed.
        """
        self._counts = FaultCounts(scenario, world)
        self._world = world
        self._callers = Callers(origin)

    def around(self, call: Call, answer: Callable[[], Any]) -> Any:  # noqa: ANN401 - the answer of any call
        """Answers a call, unless a fault strikes before; lets faults strike after."""
        action = _action(call.name, call.request)
        if action is None:
            return answer()
        faults = self._counts.due(call.provider, action, getattr(call.request, "type_name", ""))
        for fault in faults:
            if fault.when == "before":
                self._strike(fault, call)
        response = answer()
        for fault in faults:
            if fault.when == "after":
                try:
                    self._strike(fault, call)
                except CloudError as error:
                    return _failed(response, error, keeps_state=getattr(fault, "keeps_state", False))
        return response

    def _strike(self, fault: Fault, call: Call) -> None:
        """Does what the fault says; raises CloudError for what ends in an error."""
        match fault:
            case ErrorFault():
                raise CloudError(fault.summary, fault.detail)
            case HangFault():
                if call.connections.wait(call.context, fault.seconds):
                    raise _CANCELLED
                raise CloudError(f"timeout while waiting for the operation to complete (timeout: {fault.seconds:g}s)")
            case LateFault():
                if call.connections.wait(call.context, fault.seconds):
                    raise _CANCELLED
            case DropFault():
                _break(call.context)
            case KillFault():
                self._kill(fault, call.context)
            case ChangeFault():
                self._change(fault)

    def _kill(self, fault: KillFault, context: grpc.ServicerContext) -> None:
        terraform = self._callers.terraform(context.peer())
        if terraform is None:
            raise CloudError("The scenario's fault found no Terraform to kill", "It does not descend from the run.")
        if fault.who == "terraform":
            kill(terraform)
            context.abort(grpc.StatusCode.UNAVAILABLE, "killed")
        cli = self._callers.cli(terraform)
        if cli is None:
            raise CloudError("The scenario's fault found no command above Terraform to kill")
        kill(cli)

    def _change(self, fault: ChangeFault) -> None:
        with self._world.locked():
            found = [one for one in _things(self._world) if fnmatch.fnmatchcase(one[0], fault.thing)]
            if len(found) != 1:
                names = ", ".join(name for name, *_ in found) or "none"
                raise CloudError(f"The scenario's fault changes one thing: {fault.thing} is {names}")
            ((_, scope, type_name, key),) = found
            if fault.delete:
                scope.delete(type_name, key)
            else:
                scope.put(type_name, key, merged(scope.get(type_name, key) or {}, fault.merge))


def _action(call: str, request: Any) -> Action | None:  # noqa: ANN401 - one of several requests
    if call != "ApplyResourceChange":
        return _ACTIONS.get(call)
    if decode(request.prior_state) is None:
        return "create"
    return "delete" if decode(request.planned_state) is None else "update"


def _failed(response: Any, error: CloudError, *, keeps_state: bool) -> Any:  # noqa: ANN401 - the answer of any call
    """The answer with an error in it; Terraform keeps the state that it had, where it gets no new one."""
    if not keeps_state and isinstance(response, protocol.ApplyResourceChange.Response):
        response.ClearField("new_state")
    response.diagnostics.add(severity=protocol.Diagnostic.ERROR, summary=error.summary, detail=error.detail)
    return response


def _break(context: grpc.ServicerContext) -> None:
    """Breaks the TCP connection of a call, as the end of a plugin's process would."""
    port = int(context.peer().rpartition(":")[2])
    for connection in psutil.Process(os.getpid()).net_connections("tcp"):
        if connection.raddr and connection.raddr.port == port:
            # A second descriptor of the same connection: gRPC's own stays gRPC's.
            with socket.socket(fileno=os.dup(connection.fd)) as broken:
                broken.shutdown(socket.SHUT_RDWR)
    context.abort(grpc.StatusCode.UNAVAILABLE, "the connection was dropped")


def _things(world: World) -> Iterator[tuple[str, Scope, str, str]]:
    """All things of the world: the name of the file, and where the thing is by scope, type and key."""
    clusters = sorted((world.folder / "clusters").glob("*/"))
    scopes = [world.google, world.azurerm, *(world.cluster(unquote(folder.name)) for folder in clusters)]
    for scope in scopes:
        place = unquote(str(scope.folder.relative_to(world.folder)))
        for type_name in scope.types():
            for key in scope.keys(type_name):
                yield f"{place}/{type_name}/{key.removeprefix('/')}", scope, type_name, key


def merged(values: Value, patch: Values) -> Value:
    """Gives the values with a merge patch (RFC 7396) in them; a table goes into a block that is there once."""
    if isinstance(values, list) and len(values) == 1:
        return [merged(values[0], patch)]
    result: Values = dict(values) if isinstance(values, dict) else {}
    for name, new in patch.items():
        if isinstance(new, dict):
            result[name] = merged(result.get(name), new)
        elif new is None:
            result.pop(name, None)
        else:
            result[name] = new
    return result
