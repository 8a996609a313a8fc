"""`modelyard up`: a whole environment for real, with its images."""

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

from commands.images import provide_images
from commands.pod_reasons import pod_reasons
from commands.stack_lines import failures, show, tell
from commands.synthesis import synthesise
from commands.volumes import confirm_deletion
from estate.states import deployed
from estate.synthesis import Synthesis
from estate.volumes import KeptVolume, volumes_in
from images.loader import loads
from leases.lease import refuse_after_its_end
from runs.estate_run import run
from runs.journal import Journal
from runs.results import Limits
from stacks.environments import load_settings
from stacks.local.settings import LocalSettings
from stacks.settings import CloudSettings, Settings
from suspension.record import refuse_while_suspended
from teardown.phases import phases
from terraform_cli.call import terraform

if TYPE_CHECKING:
    from modelyard.serving.cluster import Cluster

console = Console(highlight=False, soft_wrap=True)

Environment = Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")]
Only = Annotated[str | None, typer.Option(metavar="STACK", help="This stack and what it depends on.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Volumes = Annotated[bool, typer.Option("--volumes", help="Delete volumes, with what people saved on them.")]
BuildArgs = Annotated[
    list[str] | None, typer.Option("--build-arg", metavar="KEY=VALUE", help="Passed on to every build.")
]


def up(
    environment: Environment,
    *,
    only: Only = None,
    yes: Yes = False,
    volumes: Volumes = False,
    build_arg: BuildArgs = None,
) -> None:
    """Build and bring the images, deploy every stack, say where the services answer; safe to run again at any time."""
    settings = load_settings(environment)
    refuse_while_suspended(settings)
    refuse_after_its_end(settings, datetime.datetime.now(datetime.UTC))
    _confirm(f"deploy {environment} for real, where it costs money?", settings, yes=yes)
    deployment = _Deployment(settings, synthesise(settings, only=only))
    foundation = [each for each in _foundation(settings) if each in deployment.synthesis.estate]
    if foundation:
        deployment.apply(foundation)
    confirm_deletion([each for each in deployment.volumes() if not each.is_declared], confirmed=volumes)
    deployment.provide_images(build_arg or [])
    # What was deployed a moment ago is as it should be.
    deployment.apply(deployment.synthesis.estate.keys() - set(foundation))
    deployment.say_where_it_answers()


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
        states = deployed(workloads, self.synthesis.variables, Journal(self.synthesis.place).cut_off()).values()
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

    def apply(self, wanted: Collection[str]) -> None:
        """Deploys stacks; raises ConfigurationError with what Terraform says of failures."""
        clock = time.monotonic()
        with console.status("deploy …") as status:
            results = run(
                "apply",
                self.synthesis.estate,
                wanted,
                limits=Limits(),
                variables=self.synthesis.variables,
                place=self.synthesis.place,
                tell=tell,
                progress=lambda stack, line: status.update(escape(f"deploy {stack}: {line[:90]}")),
                ended=show,
                cluster=None if self.synthesis.rehearsal else self._cluster,
            )
        if said := failures(results, self.settings.name, more=self._of_pods):
            raise ConfigurationError(
                f"deploy failed. Terraform says:\n\n{said}\n",
                mend=f"{_mend(said, self.settings.name)}, and run this again; "
                f"what was printed is in {self.synthesis.place}",
            )
        count = sum(result.outcome == "done" for result in results.values())
        console.print(f"[bold green]deploy[/]: {count} stacks [dim]({time.monotonic() - clock:.0f} s)[/]")

    def _cluster(self) -> "Cluster":
        # Kubernetes' client takes a while to import, and is hardly ever needed.
        from estate.cluster_access import cluster_of  # noqa: PLC0415 - see above

        return cluster_of(self.synthesis)

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
        printed = terraform(folder, self.synthesis.variables, "output", "-json")
        return {name: output["value"] for name, output in json.loads(printed).items()}


# Of the clouds and their providers, for who is not logged in, may not, or has used up a quota.
_LACKING = re.compile(
    r"could not find default credentials|invalid_grant|az login|Error 403|AuthorizationFailed|PERMISSION_DENIED"
    r"|SERVICE_DISABLED|MissingSubscriptionRegistration|[Qq]uota",
)


def _mend(said: str, environment: str) -> str:
    if _LACKING.search(said):
        return f"mend what it says (`modelyard doctor {environment}` tells what else is missing)"
    if "\n  mend: " in said:
        return "do what is said above"
    if "cannot re-use a name" in said or "another operation" in said:
        return 'if a deploy was killed before: docs/manifests.md, "When a deploy was killed"; else mend what it says'
    return "mend what it says"
