"""`modelyard images`: builds what has changed, and brings it to where the environment's nodes find it."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from modelyard.build_context import BuildContext
from modelyard.errors import ConfigurationError

import typer
from rich.console import Console
from rich.markup import escape

from images.builder import Builder, find_builder, run
from images.loader import load_command
from images.on_nodes import images_on_nodes
from images.registry import is_pushed
from stacks.environments import chosen_environment, load_settings
from stacks.local.settings import LocalSettings
from stacks.paths import IMAGES, ROOT
from stacks.settings import Settings

console = Console(highlight=False, soft_wrap=True)


def images(
    name: Annotated[str | None, typer.Argument(metavar="[ENV]", help="A file of environments/.")] = None,
    *,
    push: Annotated[bool, typer.Option("--push", help="Push to the environment's registry.")] = False,
    load: Annotated[bool, typer.Option("--load", help="Load into the nodes of a cluster of your own.")] = False,
    options: Annotated[
        list[str] | None, typer.Option("--build-arg", metavar="KEY=VALUE", help="Passed on to every build.")
    ] = None,
) -> None:
    """Build images of services and add-ons that are not built yet, by the hash of what they are built from."""
    # They import CDKTF and start Node, which no other command should wait for.
    from stacks.app import look_at_app  # noqa: PLC0415 - see above
    from stacks.services import build_contexts  # noqa: PLC0415 - see above

    settings = load_settings(chosen_environment() if name is None else name)
    contexts = build_contexts(look_at_app(settings))
    provide_images(settings, contexts, build_args=options or [], push=push, load=load)


def provide_images(
    settings: Settings, contexts: Sequence[BuildContext], *, build_args: Sequence[str], push: bool, load: bool
) -> None:
    """Builds what is not built yet, and brings all of it to the nodes.

    Args:
        settings: Of the environment.
        contexts: What its services and add-ons are built from.
        build_args: `KEY=VALUE`, for every build.
        push: Whether to push to the environment's registry.
        load: Whether to load into the nodes.

    Raises:
        ConfigurationError: A build, push or load failed, or nobody here can do it.
    """
    nodes = images_on_nodes(_check_loadable(settings).context) if load else []
    builder = find_builder()
    arguments = [part for each in build_args for part in ("--build-arg", each)]
    for context in contexts:
        loaded = bool(nodes) and all(context.image in node for node in nodes)
        _provide(context, settings, builder, arguments, push=push, load=load, loaded=loaded)


def _check_loadable(settings: Settings) -> LocalSettings:
    if not isinstance(settings, LocalSettings):
        raise ConfigurationError(
            f"{settings.name} is in a cloud: its nodes pull from a registry",
            mend=f"modelyard images {settings.name} --push",
            where=f"environments/{settings.name}.toml: cloud",
        )
    return settings


def _provide(
    context: BuildContext,
    settings: Settings,
    builder: Builder,
    arguments: list[str],
    *,
    push: bool,
    load: bool,
    loaded: bool,
) -> None:
    image = context.image
    if push and is_pushed(image):
        console.print(f"  [green]✓[/] {image}  [dim]unchanged, in the registry already[/]")
        return
    label = image.rpartition("/")[2].replace(":", "-")

    def step(what: str, command: list[str]) -> None:
        with console.status(f"{what} {label} …") as status:
            show: Callable[[str], None] = lambda line: status.update(escape(f"{what} {label}: {line[:90]}"))  # noqa: E731
            run(command, log=IMAGES / f"{label}.{what}.log", progress=show)

    built = not builder.has(image)
    if built:
        target = ["--target", context.target] if context.target else []
        step("build", builder.build_command(context.folder, image, [*target, *arguments]))
    # It takes as long to import as all that the other commands need.
    from images.sbom import write_sbom  # noqa: PLC0415 - see above

    bill = IMAGES / f"{label}.cdx.json"
    # One that was built anew may stand on the nodes in an older build.
    loads = load and (built or not loaded)
    if loads or not bill.exists():
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "image.tar"
            step("save", builder.save_command(image, archive))
            write_sbom(archive, image, bill)
            if loads:
                _load(settings, archive, step)
    done = ["built" if built else "unchanged"]
    if push:
        step("push", builder.push_command(image))
        done.append("pushed")
    if load:
        done.append("loaded" if loads else "on the nodes already")
    console.print(f"  [green]✓[/] {image}  [dim]{', '.join(done)}; {bill.relative_to(ROOT)}[/]")


def _load(settings: Settings, archive: Path, step: Callable[[str, list[str]], None]) -> None:
    local = _check_loadable(settings)
    try:
        command = load_command(local.context, local.image_loader, archive)
    except ConfigurationError as error:
        raise error.within(f"environments/{settings.name}.toml") from error
    if command:
        step("load", command)
