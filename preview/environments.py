"""All environments of a repo at two revisions: synthesised, previewed, priced and held against the policies."""

import os
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import ConfigurationError

from estate.stacks import Estate, read
from preview import live, run
from preview.bill import bill
from preview.outcome import EnvironmentPreview
from preview.policing import police
from preview.redaction import Redactor
from preview.revisions import Revision, SynthesisError, synthesise
from preview.sides import Sides
from stacks.clouds import CLOUDS, settings_model
from stacks.environments import load_settings
from stacks.settings import CloudSettings
from terraform_cli.call import TerraformError


@dataclass(frozen=True)
class Revisions:
    """What is compared.

    Attributes:
        base: What is deployed; None where nobody says: then every stack is planned against the real state.
        head: What is to be deployed.
    """

    base: Revision | None
    head: Revision

    def environments(self) -> list[str]:
        """Those in a cloud, on either side."""
        sides = [self.head, *([self.base] if self.base else [])]
        files = [file for side in sides for file in (side.folder / "environments").glob("*.toml")]
        clouds = [cloud for cloud in CLOUDS if issubclass(settings_model(cloud), CloudSettings)]
        return sorted({file.stem for file in files if _cloud(file) in clouds})


def _cloud(file: Path) -> str:
    """The key `cloud` of an environment's file; what is wrong with the file, its program says."""
    try:
        return str(tomllib.loads(file.read_text()).get("cloud", ""))
    except (OSError, ValueError):
        return ""


def preview_all(
    revisions: Revisions, names: Sequence[str], folder: Path, redactor: Redactor, *, plugins: Sequence[Path] | None
) -> list[EnvironmentPreview]:
    """Each environment's preview, in the order of the names.

    Args:
        revisions: The two.
        names: Of the environments.
        folder: Where to work.
        redactor: Learns what must not be shown.
        plugins: Folders of real provider plugins for the simulated providers; None for the real state instead.

    Raises:
        ConfigurationError: There is no such environment on either side, or the policies' exceptions are wrong.
    """
    for name in names:
        if not any(side.has_environment(name) for side in (revisions.base, revisions.head) if side):
            raise ConfigurationError(
                f"there is no environment {name!r}",
                mend=f"choose one of {', '.join(revisions.environments())}",
                where="--env",
            )
    sides = _synthesised(revisions, names, folder)

    def preview(name: str) -> EnvironmentPreview:
        found = sides[name]
        if isinstance(found, str):
            return EnvironmentPreview(name, error=found)
        work = folder / "plans" / name
        work.mkdir(parents=True)
        return _previewed(name, found, work, redactor, plugins, has_base=revisions.base is not None)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        previews = list(pool.map(preview, names))
    police(previews, {name: found for name, found in sides.items() if isinstance(found, Sides)})
    return previews


def _previewed(
    name: str, sides: Sides, work: Path, redactor: Redactor, plugins: Sequence[Path] | None, *, has_base: bool
) -> EnvironmentPreview:
    if plugins is None:
        found = live.preview(name, sides, work, redactor, every_stack=not has_base)
    else:
        try:
            found = run.preview(name, sides, work, plugins, redactor)
        except TerraformError as error:
            return EnvironmentPreview(name, error=f"the base cannot be deployed to the simulated providers:\n{error}")
    found.bill = bill(sides, has_base=has_base)
    found.sides = sides
    return found


def _synthesised(revisions: Revisions, names: Sequence[str], folder: Path) -> dict[str, Sides | str]:
    """Both sides of each environment, or why there are none."""

    def one(name: str, side: str, revision: Revision | None) -> Estate:
        if revision is None or not revision.has_environment(name):
            return {}
        output = folder / "stacks" / side / name
        try:
            synthesise(revision, name, output)
        except SynthesisError as error:
            raise SynthesisError(f"the {side} does not synthesise:\n{error}") from error
        return read(output)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {
            name: (pool.submit(one, name, "base", revisions.base), pool.submit(one, name, "head", revisions.head))
            for name in names
        }
    found: dict[str, Sides | str] = {}
    for name, (base, head) in running.items():
        try:
            # The head's error first: it is what the change has to mend.
            estate = head.result()
            found[name] = _sides(name, base.result(), estate, revisions)
        except (SynthesisError, ConfigurationError) as error:
            found[name] = str(error)
    return found


def _sides(name: str, base: Estate, head: Estate, revisions: Revisions) -> Sides:
    """Raises ConfigurationError when this repo's code does not understand the settings."""
    newest = revisions.head if head or revisions.base is None else revisions.base
    settings = load_settings(name, newest.folder / "environments")
    base_settings = None
    if base and revisions.base is not None:
        # Keys may have changed since: then only the place of the base's prices is not known.
        with suppress(ConfigurationError):
            base_settings = load_settings(name, revisions.base.folder / "environments")
    return Sides(base, head, newest.folder, settings, base_settings)
