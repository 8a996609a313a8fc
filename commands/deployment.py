"""`modelyard up` and `modelyard down`: a whole environment for real, with its images, and away again."""

import json
from dataclasses import dataclass
from typing import Annotated

from modelyard.build_context import BuildContext
from modelyard.errors import ConfigurationError

import typer
from rich.console import Console
from rich.markup import escape

from commands.cdktf_cli import run_cdktf
from commands.image_loader import loads
from commands.images import PROVIDED, provide_images
from commands.pod_reasons import pod_reasons
from commands.volumes import confirm_deletion, kept_volumes
from stacks.environments import load_settings
from stacks.local.settings import LocalSettings
from stacks.paths import ROOT
from stacks.settings import CloudSettings, Settings
from terraform_cli.call import terraform
from terraform_cli.environment import clean_environment

console = Console(highlight=False, soft_wrap=True)
_LOG = ROOT / "cdktf.log"
_LAST_LINES = 30

Environment = Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Volumes = Annotated[bool, typer.Option("--volumes", help="Delete volumes, with what people saved on them.")]
BuildArgs = Annotated[
    list[str] | None, typer.Option("--build-arg", metavar="KEY=VALUE", help="Passed on to every build.")
]


@dataclass(frozen=True)
class _Estate:
    """What an environment is made of.

    Attributes:
        stacks: The ids of all stacks.
        foundation: Those that must be there before an image can be pushed.
        contexts: What the services' images are built from.
        examples: How to try each service, by its stack's id; empty for an add-on.
    """

    stacks: list[str]
    foundation: list[str]
    contexts: list[BuildContext]
    examples: dict[str, str]


def up(environment: Environment, *, yes: Yes = False, volumes: Volumes = False, build_arg: BuildArgs = None) -> None:
    """Build and bring the images, deploy every stack, say where the services answer."""
    settings = load_settings(environment)
    _confirm(f"deploy {environment} for real, where it costs money?", settings, yes=yes)
    estate = _estate(settings)
    if estate.foundation:
        _cdktf("deploy", estate.foundation, settings, estate)
    confirm_deletion([each for each in kept_volumes(environment) if not each.is_declared], confirmed=volumes)
    load = loads(settings)
    provide_images(settings, estate.contexts, build_args=build_arg or [], push=not load, load=load)
    _cdktf("deploy", ["*"], settings, estate)
    for stack, example in estate.examples.items():
        outputs = _outputs(stack)
        if url := outputs.pop("url", None):
            console.print(f"[bold]{stack}[/] answers at {url}\n    {escape(example.format(url=url))}")
        elif outputs:
            console.print(f"[bold]{stack}[/]")
        for name, value in outputs.items():
            console.print(f"    {name} = {escape(value)}")


def down(environment: Environment, *, yes: Yes = False, volumes: Volumes = False) -> None:
    """Destroy every stack, services first; what people saved on volumes only if that is confirmed as well."""
    settings = load_settings(environment)
    _confirm(f"destroy all of {environment}, with the artifacts that it keeps?", settings, yes=yes)
    if isinstance(settings, CloudSettings) and settings.state.own_state == "remote":
        raise ConfigurationError(
            "the state store would be destroyed with its own state in it",
            mend=f"modelyard state move {environment} --to local",
            where=f"environments/{environment}.toml: state.own_state",
        )
    confirm_deletion(kept_volumes(environment), confirmed=volumes)
    estate = _estate(settings)
    _cdktf("destroy", ["*"], settings, estate)


def _confirm(question: str, settings: Settings, *, yes: bool) -> None:
    if not yes and isinstance(settings, CloudSettings):
        typer.confirm(question, abort=True)


def _estate(settings: Settings) -> _Estate:
    # They import CDKTF and start Node, which no other command should wait for.
    from cdktf import TerraformStack  # noqa: PLC0415 - see above

    from stacks.add_on import AddOnStack  # noqa: PLC0415 - see above
    from stacks.app import look_at_app  # noqa: PLC0415 - see above
    from stacks.service import ServiceStack  # noqa: PLC0415 - see above
    from stacks.services import build_contexts  # noqa: PLC0415 - see above

    app = look_at_app(settings)
    stacks = [stack for stack in app.node.children if isinstance(stack, TerraformStack)]
    return _Estate(
        stacks=[stack.node.id for stack in stacks],
        foundation=[settings.stack_id(part) for part in ("state", "registry")]
        if isinstance(settings, CloudSettings)
        else [],
        contexts=build_contexts(app),
        examples={
            stack.node.id: stack.example if isinstance(stack, ServiceStack) else ""
            for stack in stacks
            if isinstance(stack, ServiceStack | AddOnStack)
        },
    )


def _cdktf(verb: str, wanted: list[str], settings: Settings, estate: _Estate) -> None:
    """Runs the CLI for these stacks; raises ConfigurationError with what Terraform says of a failure."""
    with console.status(f"{verb} …") as status:
        run = run_cdktf(
            [verb, *wanted, "--auto-approve"],
            stacks=estate.stacks,
            environment=clean_environment() | {"MODELYARD_ENV": settings.name, PROVIDED: "1"},
            log=_LOG,
            progress=lambda stack, line: status.update(escape(f"{verb} {stack}: {line[:90]}")),
        )
    failed = {stack: told.error for stack, told in run.stacks.items() if told.error}
    for stack in run.stacks:
        console.print(f"  {'[red]✗[/]' if stack in failed else '[green]✓[/]'} {stack}")
    if run.exit_code:
        said = "\n\n".join(f"{stack}:\n{error}{_of_pods(stack, settings)}" for stack, error in failed.items())
        raise ConfigurationError(
            f"{verb} failed. Terraform says:\n\n{said or chr(10).join(run.output[-_LAST_LINES:])}\n",
            mend=f"{_mend(said, settings)}, and run this again; all that was printed is in {_LOG}",
        )
    console.print(f"[bold green]{verb}[/]: {len(run.stacks)} stacks [dim]({run.seconds:.0f} s)[/]")


def _mend(said: str, settings: Settings) -> str:
    if "already exists" in said:
        return f"if a deploy was killed before: `modelyard adopt {settings.name}`; else mend what it says"
    if "cannot re-use a name" in said or "another operation" in said:
        return 'if a deploy was killed before: docs/manifests.md, "When a deploy was killed"; else mend what it says'
    return "mend what it says"


def _of_pods(stack: str, settings: Settings) -> str:
    """What the pods of a service say themselves, where this machine's kubeconfig leads to them."""
    if not isinstance(settings, LocalSettings):
        return ""
    reasons = pod_reasons(settings.context, stack.removeprefix(f"{settings.name}-"))
    return "".join(["\n\nits pods say:", *(f"\n  {reason}" for reason in reasons)]) if reasons else ""


def _outputs(stack: str) -> dict[str, str]:
    """What the stack tells; nothing, if it has no ModelService."""
    printed = terraform(ROOT / "cdktf.out" / "stacks" / stack, {}, "output", "-json", timeout=None)
    return {name: output["value"] for name, output in json.loads(printed).items()}
