"""Programs and files of Go modules, from the proxy that Go is set to."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

#: A compiler that leaves out optimisation, inlining and debugging data takes 40 % less of a machine's time, and tests
#: ask programs for little.
BUILD_OPTIONS = ("-trimpath", "-gcflags=all=-N -l -dwarf=false")


def module_folder(module: str, version: str) -> Path:
    """Where Go keeps a module's source, which nobody may change; without its symbolic links and nested modules."""
    with tempfile.TemporaryDirectory() as empty:
        (Path(empty) / "go.mod").write_text("module empty\n")
        command = ["go", "mod", "download", "-json", f"{module}@{version}"]
        done = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=True, timeout=600)
    return Path(json.loads(done.stdout)["Dir"])


def build(source: Path, package: str, program: Path, *tags: str, linked: str = "") -> None:
    """Builds a static program.

    Args:
        source: The module's folder.
        package: Below it, for example `./cmd/manager`.
        program: What is written, unless it is there.
        tags: Of the parts of the source that are built.
        linked: Options for the linker.
    """
    if program.exists():
        return
    program.parent.mkdir(parents=True, exist_ok=True)
    # Not under its own name before it is whole.
    part = program.with_suffix(".part")
    options = [*BUILD_OPTIONS, f"-tags={','.join(tags)}", f"-ldflags=-s -w {linked}", "-o", str(part)]
    # A module may bring a workspace, which is for its makers.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    subprocess.run(["go", "build", *options, package], cwd=source, env=environment, check=True, timeout=3000)
    part.rename(program)
