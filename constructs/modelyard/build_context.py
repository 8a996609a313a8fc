"""Images named by the content they are built from."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import ConfigurationError

from wcmatch import glob

# Python writes these beside the sources; no image is the better for them, listed in .dockerignore or not.
_ALWAYS_IGNORED = ("**/__pycache__", "**/*.pyc")
_HASH_CHARACTERS = 16
_DOCKERFILE = "Dockerfile"
_STAGE = re.compile(r"^\s*FROM\s.*\sAS\s+(\S+)\s*$", re.IGNORECASE | re.MULTILINE)

_Patterns = list[tuple[glob.WcMatcher[str], bool]]


def _compiled(lines: list[str]) -> _Patterns:
    """Each pattern of a `.dockerignore`, and whether it leaves out what it matches: with `!` it takes that back in."""
    flags = glob.GLOBSTAR | glob.DOTGLOB
    return [(glob.compile(each.removeprefix("!").strip("/"), flags=flags), each[0] != "!") for each in lines]


def _is_ignored(path: str, patterns: _Patterns) -> bool:
    """Docker's rule: the last pattern that matches the path or a folder above it decides."""
    parts = path.split("/")
    candidates = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    for matcher, leaves_out in reversed(patterns):
        if any(matcher.match(each) for each in candidates):
            return leaves_out
    return False


@dataclass(frozen=True, kw_only=True)
class BuildContext:
    """A folder with a Dockerfile.

    Attributes:
        folder: The build context.
        repository: Where its image is pushed, without tag.
        target: The stage of the Dockerfile that is the image; by default the last.

    Raises:
        ConfigurationError: There is no Dockerfile, or it has no such stage.
    """

    folder: Path
    repository: str
    target: str | None = None

    def __post_init__(self) -> None:
        if not (self.folder / _DOCKERFILE).is_file():
            raise ConfigurationError(
                f"{self.folder} has no Dockerfile", mend="put one there, or name the folder that has it"
            )
        if self.target is not None:
            self._check_stage(self.target)

    def _check_stage(self, target: str) -> None:
        dockerfile = self.folder / _DOCKERFILE
        stages = _STAGE.findall(dockerfile.read_text())
        if target not in stages:
            raise ConfigurationError(
                f"{dockerfile} has no stage {target!r}",
                mend=f"name one of {', '.join(stages)}" if stages else f"begin a stage with FROM … AS {target}",
            )

    def files(self) -> list[Path]:
        """The files that a build sends to the builder, sorted, relative to the folder.

        The Dockerfile is one of them whatever `.dockerignore` says: https://docs.docker.com/build/concepts/context/
        """
        ignore = self.folder / ".dockerignore"
        lines = ignore.read_text().splitlines() if ignore.is_file() else []
        written = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        patterns = _compiled([*written, *_ALWAYS_IGNORED])
        paths = (each.relative_to(self.folder) for each in self.folder.rglob("*") if not each.is_dir())
        return sorted(each for each in paths if each == Path(_DOCKERFILE) or not _is_ignored(each.as_posix(), patterns))

    @property
    def content_hash(self) -> str:
        """16 hexadecimal digits that change when a file's name, content or executable bit does, or the target."""
        digest = hashlib.sha256(f"{self.target}\n".encode() if self.target else b"")
        for relative in self.files():
            path = self.folder / relative
            executable = "x" if path.stat().st_mode & 0o100 else "-"
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{relative.as_posix()}\0{executable}\0{content}\n".encode())
        return digest.hexdigest()[:_HASH_CHARACTERS]

    @property
    def image(self) -> str:
        """The reference that a Deployment uses: `REPOSITORY:HASH`."""
        return f"{self.repository}:{self.content_hash}"
