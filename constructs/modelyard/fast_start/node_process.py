"""Node with jsii's runtime in it, started before Python imports jsii: the two take as long to get ready."""

import atexit
import functools
import os
import platform
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from io import BufferedReader, BufferedWriter
from pathlib import Path
from tempfile import TemporaryDirectory

from modelyard.fast_start import NotAsExpectedError

_PRELOAD = Path(__file__).with_name("preload.js")
_FLAGS = [
    "--max-old-space-size=4069",  # jsii's own flags: this one and --preserve-symlinks
    "--preserve-symlinks",
    "--max-semi-space-size=2",  # MB of new objects between collections, 16 by default: saves 20-40 MB and costs no time
    "--expose-gc",
    f"--require={_PRELOAD}",
]


@dataclass(frozen=True)
class NodeProcess:
    """Node, which may still be starting.

    Attributes:
        program: The folder of jsii's runtime, for as long as Node runs.
        process: Node.
        writer: What is asked of it.
        reader: What it answers.
    """

    program: TemporaryDirectory[str]
    process: subprocess.Popen[bytes]
    writer: BufferedWriter
    reader: BufferedReader


@functools.cache
def start_node() -> NodeProcess | None:
    """Start Node and return at once; None on Windows and without Node, of which jsii tells in its own words.

    jsii starts another process around the runtime, which only copies messages from pipe to pipe. It would hand the
    runtime one two-way channel as file descriptor 3; here that is a socket to Python. What Node prints goes where
    Python's own output goes.

    Raises:
        NotAsExpectedError: jsii runs already, its files lie otherwise, or the user has chosen its runtime.
    """
    if getattr(sys.modules.get("jsii._reference_map"), "_assembly_to_module", None):
        raise NotAsExpectedError("jsii was in use before modelyard was imported")
    if "JSII_RUNTIME" in os.environ:
        raise NotAsExpectedError("JSII_RUNTIME is set")
    node = os.environ.get("JSII_NODE", "node")
    if os.name != "posix" or not shutil.which(node):
        return None
    folder = _runtime()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" 3<&0 </dev/null', "sh", node, *_FLAGS, f"{folder.name}/lib/program.js"],
            stdin=theirs.fileno(),
            env={**os.environ, "JSII_AGENT": f"Python/{platform.python_version()}"},
        )
        # Python may end before jsii is there to stop Node, which would miss its files and say so at length.
        atexit.register(process.kill)
        return NodeProcess(folder, process, ours.makefile("wb"), ours.makefile("rb"))


def _runtime() -> TemporaryDirectory[str]:
    """Copies jsii's runtime to where its files have their own names: `lib/program.js` is kept as `lib__program.js`."""
    jsii = find_spec("jsii")
    embedded = Path(jsii.origin or "").parent / "_embedded" / "jsii" if jsii else Path()
    if not (embedded / "lib__program.js").is_file():
        raise NotAsExpectedError("jsii does not keep its runtime as a file")
    folder = TemporaryDirectory()
    for file in embedded.glob("*__*.js*"):
        target = Path(folder.name, *file.name.split("__"))
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, target)
    return folder
