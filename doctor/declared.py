"""What an environment declares: its stacks, as they would be deployed, and what follows from them for other checks."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from modelyard.errors import ConfigurationError

import requests

from costs.charges import Finding as Charged
from costs.estimate import charges
from costs.place import place_of
from costs.resources import declared
from doctor.check import Check, Finding, fail, ok
from estate.cluster_access import login_program
from estate.stacks import Estate, read
from stacks.settings import Settings
from terraform_cli.plugins import terraforms_folders

#: The checks' names, for those that need them.
STACKS: Final = "stacks"
_REGISTRY: Final = "https://registry.terraform.io/.well-known/terraform.json"
_REGISTRY_SECONDS: Final = 5


class Declared:
    """An environment; what it declares is known once the check `stacks` was made.

    Args:
        settings: Of the environment.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.images: list[str] = []
        self.estate: Estate = {}

    @property
    def group(self) -> str:
        """The heading of what is looked at for this environment."""
        return f"the environment {self.settings.name}"

    def checks(self) -> Iterator[Check]:
        """Those that are the same in every cloud."""
        yield Check(
            name=STACKS,
            group=self.group,
            about="All stacks can be synthesised.",
            look=self._synthesise,
            # Node starts, and on a new machine unpacks the providers.
            seconds=60,
        )
        yield Check(
            name="provider plugins",
            group=self.group,
            about="Each plugin is in a cache or mirror of this machine, or Terraform's registry answers.",
            look=self._plugins,
            needs=(STACKS,),
        )

    @property
    def resources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Type and block of all resources."""
        for stack in self.estate.values():
            for address, block in stack.resources.items():
                yield address.partition(".")[0], block

    @property
    def types(self) -> set[str]:
        """The types of all resources."""
        return {type_ for type_, _ in self.resources}

    @property
    def login(self) -> Mapping[str, Any] | None:
        """The program that logs in to the cluster, as Terraform's providers have it."""
        return login_program(self.estate)

    def charged(self) -> list[Charged]:
        """What there will be at most, as the bill counts it."""
        found = [each for id_, stack in self.estate.items() for each in declared(id_, stack.configuration)]
        return list(charges(found, place_of(self.settings)))

    def _synthesise(self) -> Finding:
        # They import CDKTF, and are not needed for anything but this.
        from stacks.app import build_app  # noqa: PLC0415 - see above
        from stacks.services import build_contexts  # noqa: PLC0415 - see above

        with tempfile.TemporaryDirectory() as folder:
            app = build_app(self.settings, outdir=folder)
            app.synth()
            self.images = [context.image for context in build_contexts(app)]
            self.estate = read(Path(folder))
            # They are read when they are first asked for, and the folder goes.
            count = sum(len(stack.resources) for stack in self.estate.values())
        return ok(f"{len(self.estate)}, {count} resources")

    def _plugins(self) -> Finding:
        versions = {
            name: str(entry["version"])
            for stack in self.estate.values()
            for name, entry in stack.required_providers.items()
        }
        told = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
        missing = [name for name, version in sorted(versions.items()) if not _is_here(name, version)]
        if not missing:
            return ok(f"{told}, all on this machine")
        try:
            requests.head(_REGISTRY, timeout=_REGISTRY_SECONDS).raise_for_status()
        except requests.RequestException as error:
            return fail(
                f"{', '.join(missing)}: on this machine no plugin, and no answer of registry.terraform.io "
                f"({type(error).__name__})",
                "mend the network (HTTPS_PROXY?), or name a mirror: "
                "https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation",
            )
        return ok(f"{told}, from registry.terraform.io")


def _is_here(name: str, version: str) -> bool:
    return any(any(folder.glob(f"*/hashicorp/{name}/{version}/*/*")) for folder in terraforms_folders())


def settings_check(environment: str, error: ConfigurationError | None) -> Check:
    """Whether the environment's file is right: nothing else of it can be looked at where it is not."""

    def look() -> Finding:
        if error:
            raise error
        return ok(f"environments/{environment}.toml")

    return Check(
        name="settings", group=f"the environment {environment}", about="The environment's file is right.", look=look
    )
