"""jsii's Node process, started such that Node's work and Python's imports run side by side."""

import atexit
import gc
import json
import os
import platform
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from modelyard.fast_start import NotAsExpectedError, warn

import jsii
from jsii import _reference_map
from jsii._kernel.providers.process import ProcessProvider, _NodeProcess
from jsii._kernel.types import LoadRequest, LoadResponse

_PRELOAD = Path(__file__).with_name("preload.js")
_FLAGS = [
    "--max-old-space-size=4069",  # jsii's own flags: this one and --preserve-symlinks
    "--preserve-symlinks",
    "--max-semi-space-size=2",  # MB of new objects between collections, 16 by default: saves 20-40 MB and costs no time
    "--expose-gc",
    f"--require={_PRELOAD}",
]
_EXIT_SECONDS = 60


def start() -> None:
    """Start Node for jsii, once; where jsii would not find it either, or on Windows, that is left to jsii.

    Raises:
        NotAsExpectedError: jsii runs already, or the user has chosen its runtime.
    """
    if isinstance(jsii.kernel.provider, _SideBySideProvider):
        return
    if _reference_map._assembly_to_module:
        raise NotAsExpectedError("jsii was in use before modelyard was imported")
    if "JSII_RUNTIME" in os.environ:
        raise NotAsExpectedError("JSII_RUNTIME is set")
    if os.name == "posix" and shutil.which(_node()):
        jsii.kernel.provider = _SideBySideProvider()


def _node() -> str:
    return os.environ.get("JSII_NODE", "node")


class _SideBySideProvider(ProcessProvider):
    """Sends Node the packages to load, and waits for it only when something else is asked of it."""

    def __init__(self) -> None:
        self._early_loads: list[LoadRequest] = []
        self._settled = False
        self._direct = _DirectNode()  # type: ignore[no-untyped-call]  # jsii has left its constructor untyped
        self._direct.start()
        self._node: _NodeProcess = self._direct
        # What is imported stays for good: looking for garbage in it, over and over, takes a fifth of Python's time.
        self._collects_garbage = gc.isenabled()
        gc.disable()

    def load(self, request: LoadRequest) -> LoadResponse:
        """Send the request; jsii makes no use of the response."""
        if self._settled:
            return super().load(request)
        self._early_loads.append(request)
        self._direct.post({"api": "load", "name": request.name, "version": request.version, "tarball": request.tarball})
        return LoadResponse(assembly=request.name, types=0)

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
            for _ in self._early_loads:
                self._direct._next_message()["ok"]
        except (OSError, ValueError, LookupError, AssertionError) as failure:
            warn(f"Node did not answer as expected ({failure!r})")
            self._direct.stop()
            self._node = super()._process
            for request in self._early_loads:
                super().load(request)


class _DirectNode(_NodeProcess):
    """jsii's runtime without the process in between, which only copies messages from pipe to pipe.

    That process would hand the runtime one two-way channel as file descriptor 3; here it is a socket to Python. What
    Node prints goes where Python's own output goes.
    """

    def start(self) -> None:
        """Start Node and return at once; `handshake` reads its greeting later."""
        program = Path(self._jsii_runtime()).parents[1] / "lib" / "program.js"
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", 'exec "$@" 3<&0 </dev/null', "sh", _node(), *_FLAGS, str(program)],
                stdin=theirs.fileno(),
                env={**os.environ, "JSII_AGENT": f"Python/{platform.python_version()}"},
            )
            self._writer, self._reader = ours.makefile("wb"), ours.makefile("rb")
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
