"""Programs and files of Go modules, from the proxy that Go is set to."""

import json
import os
import subprocess
import tempfile
from pathlib import Path


def module_folder(module: str, version: str) -> Path:
    """Where Go keeps a module's source, which nobody may change; without its symbolic links and nested modules."""
    with tempfile.TemporaryDirectory() as empty:
        (Path(empty) / "go.mod").write_text("module empty\n")
        command = ["go", "mod", "download", "-json", f"{module}@{version}"]
        done = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=True, timeout=600)
    return Path(json.loads(done.stdout)["Dir"])


def build(source: Path, package: str, program: Path, *, linked: str = "") -> None:
    """Builds a static program.

    Args:
        source: The module's folder.
        package: Below it, for example `./cmd/manager`.
        program: What is written, unless it is there.
        linked: Options for the linker.
    """
    if program.exists():
        return
    program.parent.mkdir(parents=True, exist_ok=True)
    # Not under its own name before it is whole.
    part = program.with_suffix(".part")
    command = ["go", "build", "-trimpath", "-ldflags", f"-s -w {linked}", "-o", str(part), package]
    subprocess.run(command, cwd=source, env={**os.environ, "CGO_ENABLED": "0"}, check=True, timeout=3000)
    part.rename(program)
