"""Docker or buildah, whichever works here: builds, looks up, saves and pushes images."""

import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

from modelyard.errors import ConfigurationError

_LAST_LINES = 25


class Builder(ABC):
    """A program that builds images and keeps them.

    Attributes:
        program: Its name.
    """

    program: str

    @abstractmethod
    def has(self, image: str) -> bool:
        """Whether it has an image of this name."""

    @abstractmethod
    def build_command(self, folder: Path, image: str, options: Sequence[str]) -> list[str]:
        """What builds a folder's Dockerfile."""

    @abstractmethod
    def push_command(self, image: str) -> list[str]:
        """What pushes an image to the registry in its name."""

    @abstractmethod
    def save_command(self, image: str, archive: Path) -> list[str]:
        """What writes an image to an archive, in the form of `docker save`."""

    def _succeeds(self, *arguments: str) -> bool:
        done = subprocess.run([self.program, *arguments], capture_output=True, check=False)
        return done.returncode == 0


class Docker(Builder):
    """Docker with a daemon."""

    program = "docker"

    def has(self, image: str) -> bool:
        """Whether it has an image of this name."""
        return self._succeeds("image", "inspect", image)

    def build_command(self, folder: Path, image: str, options: Sequence[str]) -> list[str]:
        """What builds a folder's Dockerfile; nodes are amd64 in every environment."""
        platform = ["--platform", "linux/amd64", "--progress", "plain"]
        return [self.program, "build", *platform, "--tag", image, *options, str(folder)]

    def push_command(self, image: str) -> list[str]:
        """What pushes an image to the registry in its name."""
        return [self.program, "push", "--quiet", image]

    def save_command(self, image: str, archive: Path) -> list[str]:
        """What writes an image to an archive."""
        return [self.program, "save", "--output", str(archive), image]


class Buildah(Builder):
    """Buildah, which needs no daemon."""

    program = "buildah"

    def has(self, image: str) -> bool:
        """Whether it has an image of this name."""
        return self._succeeds("inspect", "--type", "image", image)

    def build_command(self, folder: Path, image: str, options: Sequence[str]) -> list[str]:
        """What builds a folder's Dockerfile; nodes are amd64 in every environment."""
        # Layers are kept, as Docker does: images of one Dockerfile share those of the stages that they share.
        return [self.program, "build", "--layers", "--platform", "linux/amd64", "--tag", image, *options, str(folder)]

    def push_command(self, image: str) -> list[str]:
        """What pushes an image to the registry in its name."""
        # As Docker does: this machine's own registry needs no certificate.
        plain = ["--tls-verify=false"] if image.startswith("localhost:") else []
        return [self.program, "push", "--quiet", *plain, image]

    def save_command(self, image: str, archive: Path) -> list[str]:
        """What writes an image to an archive."""
        return [self.program, "push", "--quiet", image, f"docker-archive:{archive}:{image}"]


def find_builder() -> Builder:
    """The first of the two that works.

    Raises:
        ConfigurationError: Neither does.
    """
    if shutil.which("docker") and Docker()._succeeds("version"):  # fails without a daemon
        return Docker()
    if shutil.which("buildah"):
        return Buildah()
    found = "a docker without a daemon" if shutil.which("docker") else "neither docker nor buildah"
    raise ConfigurationError(
        f"nothing here can build images: found {found}",
        mend="start Docker, or install buildah (https://github.com/containers/buildah/blob/main/install.md)",
    )


def run(command: Sequence[str], *, log: Path, progress: Callable[[str], None]) -> None:
    """Runs a command to its end.

    Args:
        command: Program and arguments.
        log: Gets all that it prints.
        progress: Called with each line.

    Raises:
        ConfigurationError: It failed; with the last lines, and where the rest is.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with (
        log.open("w") as file,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - PIPE above gives one
        for line in process.stdout:
            file.write(line)
            lines.append(line.rstrip())
            progress(line.strip())
    if process.returncode:
        raise ConfigurationError(
            f"{command[0]} failed ({' '.join(command[:2])}):\n"
            + "\n".join(f"    {line}" for line in lines[-_LAST_LINES:]),
            mend=f"mend what it says; all of it is in {log}",
        )
