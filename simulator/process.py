"""Runs the simulated providers beside a program that calls Terraform."""

import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


class SimulatedProviders:
    """A running simulator; use as a context manager.

    with SimulatedProviders(world_dir) as providers:
        subprocess.run(["terraform", "apply"], env={**os.environ, **providers.environment})
    """

    def __init__(
        self,
        world: Path,
        plugins: Sequence[Path] = (),
        faults: Path | None = None,
        types: Collection[str] = (),
    ) -> None:
        """Starts nothing yet.

        Args:
            world: The folder that holds what exists, made when missing.
            plugins: Folders of real plugins, which then check and plan (`python -m simulator --help`).
            faults: A scenario file: what goes wrong on purpose (docs/faults.md).
            types: Resource types and data sources that are used, all by default: with few Terraform starts sooner.
        """
        self._world = world.resolve()
        self._plugins = [argument for folder in plugins for argument in ("--plugins", str(folder.resolve()))]
        self._faults = ["--faults", str(faults.resolve())] if faults else []
        self._types = ["--types", ",".join(sorted(types))] if types else []
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "simulator", "--world", str(self._world), "--until-stdin-closes"]
        command += [*self._plugins, *self._faults, *self._types]
        # Started where this package is: it need not be installed.
        root = Path(__file__).parent.parent
        # In a session of its own: Ctrl-C reaches Terraform, which still needs its providers to end in order.
        self.process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout is not None  # noqa: S101 - PIPE above gives one
        line = self.process.stdout.readline()
        if not line:
            self._end()
            raise RuntimeError(f"the simulated providers did not start, exit code {self.process.returncode}")
        self.environment = {"TF_REATTACH_PROVIDERS": line.strip()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
