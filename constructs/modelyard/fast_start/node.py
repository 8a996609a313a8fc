"""jsii's side of its Node process, such that Node's work and Python's imports run side by side."""

import atexit
import gc
import json
import subprocess
from contextlib import suppress

from modelyard.fast_start import warn
from modelyard.fast_start.node_process import NodeProcess, start_node

import jsii
from jsii._kernel.providers.process import ProcessProvider, _NodeProcess
from jsii._kernel.types import LoadRequest, LoadResponse

_EXIT_SECONDS = 60
# The answers wait in the socket until Python reads them: it holds 278 on Linux, and 8 kB of them on macOS.
_MOST_FORESEEN = 100


def start() -> None:
    """Hand Node to jsii, once; where there is none, that is left to jsii.

    Raises:
        NotAsExpectedError: jsii runs already, or the user has chosen its runtime.
    """
    if not isinstance(jsii.kernel.provider, _SideBySideProvider) and (node := start_node()):
        jsii.kernel.provider = _SideBySideProvider(node)


class _SideBySideProvider(ProcessProvider):
    """Sends Node what it needs no answer to, and waits only when something else is asked."""

    def __init__(self, node: NodeProcess) -> None:
        # What was sent early, in order: the packages to load; None for a constant, whose answer tells nobody anything.
        self._early: list[LoadRequest | None] = []
        self._settled = False
        self._direct = _DirectNode(node)
        self._node: _NodeProcess = self._direct
        # What is imported stays for good: looking for garbage in it, over and over, takes a fifth of Python's time.
        self._collects_garbage = gc.isenabled()
        gc.disable()

    def load(self, request: LoadRequest) -> LoadResponse:
        """Send the request; jsii makes no use of the response."""
        if self._settled:
            return super().load(request)
        self._early.append(request)
        self._direct.post({"api": "load", "name": request.name, "version": request.version, "tarball": request.tarball})
        return LoadResponse(assembly=request.name, types=0)

    def foresee(self, fqn: str) -> None:
        """Ask for a constant of a resource's class, for which Node loads the class; nothing comes of an error."""
        if not self._settled and len(self._early) < _MOST_FORESEEN:
            self._early.append(None)
            self._direct.post({"api": "sget", "fqn": fqn, "property": "tfResourceType"})

    @property
    def _process(self) -> _NodeProcess:
        if not self._settled:
            self._settled = True
            if self._collects_garbage:
                gc.freeze()
                gc.enable()
            self._settle()
        return self._node

    def _settle(self) -> None:
        """Read the answers due; if one is not as it should be, start over as stock does, which reports real errors."""
        try:
            self._direct.handshake()
            for load in self._early:
                answer = self._direct._next_message()
                if load:
                    answer["ok"]
        except (OSError, ValueError, LookupError, AssertionError) as failure:
            warn(f"Node did not answer as expected ({failure!r})")
            self._direct.stop()
            self._node = super()._process
            for load in filter(None, self._early):
                super().load(load)


class _DirectNode(_NodeProcess):
    """jsii's way to its runtime, without the process in between."""

    def __init__(self, node: NodeProcess) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # jsii has left its constructor untyped
        self._ctx_stack.enter_context(node.program)
        self._process = node.process
        self._writer, self._reader = node.writer, node.reader
        self._process.stdin, self._process.stdout = self._writer, self._reader
        atexit.register(self.stop)

    def post(self, message: dict[str, object]) -> None:
        """Send without waiting for the answer; that Node has gone shows when the answer is read."""
        with suppress(OSError):
            self._writer.write(json.dumps(message).encode() + b"\n")
            self._writer.flush()

    def stop(self) -> None:
        """Ask Node to exit and wait for it; on a machine's first run it has an index to finish (see preload.js)."""
        atexit.unregister(self.stop)
        if not self._writer.closed:
            self.post({"exit": 0})
            with suppress(OSError):
                self._writer.close()
        try:
            self._process.wait(timeout=_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.terminate()
        self._reader.close()
        self._ctx_stack.close()
