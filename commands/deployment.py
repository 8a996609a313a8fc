"""`modelyard up` and `modelyard down`: a whole environment for real, with its images, and away again."""

import datetime
import json
import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console
from rich.markup import escape

from commands.image_loader import loads
from commands.images import provide_images
from commands.pod_reasons import pod_reasons
from commands.synthesis import Synthesis, synthesise
from commands.volumes import confirm_deletion
from estate.states import deployed
from estate.volumes import KeptVolume, volumes_in
from leases.lease import refuse_after_its_end
from runs.estate_run import run
from runs.results import Limits, StackResult, Verb
from stacks.environments import load_settings
from stacks.local.settings import LocalSettings
from stacks.settings import CloudSettings, Settings
from suspension.record import refuse_while_suspended
from teardown.phases import phases
from terraform_cli.call import terraform

if TYPE_CHECKING:
    from rich.status import Status

console = Console(highlight=False, soft_wrap=True)
_OUR_COMMAND = re.compile(r"(modelyard (?:adopt|state unlock)) ENV\b")

Environment = Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Volumes = Annotated[bool, typer.Option("--volumes", help="Delete volumes, with what people saved on them.")]
BuildArgs = Annotated[
    list[str] | None, typer.Option("--build-arg", metavar="KEY=VALUE", help="Passed on to every build.")
]


def up(environment: Environment, *, yes: Yes = False, volumes: Volumes = False, build_arg: BuildArgs = None) -> None:
    """Build and bring the images, deploy every stack, say where the services answer; safe to run again at any time."""
    settings = load_settings(environment)
    refuse_while_suspended(settings)
    refuse_after_its_end(settings, datetime.datetime.now(datetime.UTC))
    _confirm(f"deploy {environment} for real, where it costs money?", settings, yes=yes)
    deployment = _Deployment(settings, synthesise(settings))
    foundation = _foundation(settings)
    if foundation:
        deployment.run("apply", foundation)
    confirm_deletion([each for each in deployment.volumes() if not each.is_declared], confirmed=volumes)
    deployment.provide_images(build_arg or [])
    # What was deployed a moment ago is as it should be.
    deployment.run("apply", deployment.synthesis.estate.keys() - set(foundation))
    deployment.say_where_it_answers()


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
    deployment = _Deployment(settings, synthesise(settings))
    confirm_deletion(deployment.volumes(), confirmed=volumes)
    deployment.run("destroy", deployment.synthesis.estate)


def _confirm(question: str, settings: Settings, *, yes: bool) -> None:
    if not yes and isinstance(settings, CloudSettings):
        typer.confirm(question, abort=True)


def _foundation(settings: Settings) -> list[str]:
    """Those that must be there before an image can be pushed."""
    return [settings.stack_id(part) for part in ("state", "registry")] if isinstance(settings, CloudSettings) else []


@dataclass(frozen=True)
class _Deployment:
    """An environment that is deployed or destroyed."""

    settings: Settings
    synthesis: Synthesis

    def volumes(self) -> list[KeptVolume]:
        """The disks that Terraform has made for services and add-ons."""
        estate = self.synthesis.estate
        workloads = {id_: estate[id_] for id_ in phases(self.settings, estate).workloads}
        states = deployed(workloads, self.synthesis.variables).values()
        return [volume for state in states for volume in volumes_in(state.content, state.stack.configuration)]

    def provide_images(self, build_args: list[str]) -> None:
        """To where the nodes look for them; a rehearsal's world has them already."""
        if self.synthesis.rehearsal:
            return
        # It imports CDKTF, which was not needed before.
        from stacks.services import build_contexts  # noqa: PLC0415 - see above

        load = loads(self.settings)
        contexts = build_contexts(self.synthesis.app)
        provide_images(self.settings, contexts, build_args=build_args, push=not load, load=load)

    def run(self, verb: Verb, wanted: Collection[str]) -> None:
        """Apply or destroy; raises ConfigurationError with what Terraform says of failures."""
        word = "deploy" if verb == "apply" else verb
        clock = time.monotonic()
        with console.status(f"{word} …") as status:
            results = run(
                verb,
                self.synthesis.estate,
                wanted,
                limits=Limits(),
                variables=self.synthesis.variables,
                place=self.synthesis.place,
                tell=_tell,
                progress=lambda stack, line: _show_progress(status, word, stack, line),
                ended=_show,
            )
        failed = {id_: result for id_, result in results.items() if result.outcome == "failed"}
        if failed:
            told = "\n\n".join(f"{id_}:\n{result.error}{self._of_pods(id_)}" for id_, result in failed.items())
            # A run knows stacks, and not the environment that a command is given.
            said = _OUR_COMMAND.sub(rf"\1 {self.settings.name}", told)
            raise ConfigurationError(
                f"{word} failed. Terraform says:\n\n{said}\n",
                mend=f"{_mend(said)}, and run this again; what was printed is in {self.synthesis.place}",
            )
        count = sum(result.outcome == "done" for result in results.values())
        console.print(f"[bold green]{word}[/]: {count} stacks [dim]({time.monotonic() - clock:.0f} s)[/]")

    def _of_pods(self, stack: str) -> str:
        """What the pods of a service say themselves, where this machine's kubeconfig leads to them."""
        if not isinstance(self.settings, LocalSettings):
            return ""
        reasons = pod_reasons(self.settings.context, stack.removeprefix(f"{self.settings.name}-"))
        return "".join(["\n\nits pods say:", *(f"\n  {reason}" for reason in reasons)]) if reasons else ""

    def say_where_it_answers(self) -> None:
        """The addresses of the services, and how to try them."""
        # They import CDKTF, which was not needed before.
        from stacks.add_on import AddOnStack  # noqa: PLC0415 - see above
        from stacks.service import ServiceStack  # noqa: PLC0415 - see above

        for stack in self.synthesis.app.node.children:
            if not isinstance(stack, ServiceStack | AddOnStack):
                continue
            outputs = self._outputs(stack.node.id)
            if url := outputs.pop("url", None):
                example = stack.example if isinstance(stack, ServiceStack) else ""
                console.print(f"[bold]{stack.node.id}[/] answers at {url}\n    {escape(example.format(url=url))}")
            elif outputs:
                console.print(f"[bold]{stack.node.id}[/]")
            for name, value in outputs.items():
                console.print(f"    {name} = {escape(value)}")

    def _outputs(self, stack: str) -> dict[str, str]:
        """What the stack tells; nothing, if it has no ModelService."""
        folder = self.synthesis.estate[stack].folder
        printed = terraform(folder, self.synthesis.variables, "output", "-json", timeout=None)
        return {name: output["value"] for name, output in json.loads(printed).items()}


def _tell(stack: str, line: str) -> None:
    console.print(f"  [yellow]·[/] {escape(f'{stack}: {line}' if stack else line)}")


def _show(result: StackResult) -> None:
    if result.outcome == "not begun":
        why = f"waits for {', '.join(result.blocked_by)}" if result.blocked_by else "interrupted before"
        console.print(f"  [yellow]-[/] {result.stack}  [dim]not begun: {why}[/]")
    elif result.outcome != "nothing":
        mark = "[red]✗[/]" if result.outcome == "failed" else "[green]✓[/]"
        again = f", {result.attempts} attempts" if result.attempts > 1 else ""
        console.print(f"  {mark} {result.stack}  [dim]{result.seconds:.0f} s{again}[/]")


def _show_progress(status: "Status", word: str, stack: str, line: str) -> None:
    status.update(escape(f"{word} {stack}: {line[:90]}"))


def _mend(said: str) -> str:
    if "\n  mend: " in said:
        return "do what is said above"
    if "cannot re-use a name" in said or "another operation" in said:
        return 'if a deploy was killed before: docs/manifests.md, "When a deploy was killed"; else mend what it says'
    return "mend what it says"
