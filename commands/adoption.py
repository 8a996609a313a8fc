"""`modelyard adopt`: into the state with what a deploy that was cut off has made, and could not write down any more.

`modelyard up` does it by itself where it is certain whose a thing is; here somebody is asked.
"""

from contextlib import AbstractContextManager
from graphlib import TopologicalSorter
from typing import Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console
from rich.markup import escape

from commands.synthesis import synthesise
from estate.synthesis import Synthesis
from runs.adoption import import_, why_unfit
from runs.estate_run import Terraforms, terraforms
from runs.import_ids import REPEATABLE
from runs.look import AdoptionError, Found, look
from runs.patient_terraform import PatientTerraform, StackFailedError
from runs.results import Limits
from stacks.environments import load_settings

console = Console(highlight=False, soft_wrap=True)


def adopt(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take over what a killed deploy has left, in the clouds and in the cluster; nothing of it is changed."""
    synthesis = synthesise(load_settings(environment))
    taken = 0
    while True:
        found, unseen = _look_at(synthesis)
        _ask(found, yes=yes)
        with _terraforms(synthesis) as of:
            for stack, things in found.items():
                taken += _take(of(stack), things)
        # What is named after something that was taken over a moment ago could not be looked for before.
        if not found:
            break
    if unseen:
        listed = "\n\n".join(unseen)
        raise ConfigurationError(f"not all could be looked at:\n\n{listed}", mend="mend it, and run this again")
    console.print("taken over: deploy again" if taken else f"nothing of {environment} is left over")


def _terraforms(synthesis: Synthesis) -> AbstractContextManager[Terraforms]:
    return terraforms(
        "adopt",
        synthesis.estate,
        limits=Limits(),
        variables=synthesis.variables,
        place=synthesis.place,
        tell=lambda stack, line: console.print(f"  {escape(f'{stack}: {line}' if stack else line)}"),
    )


def _look_at(synthesis: Synthesis) -> tuple[dict[str, list[Found]], list[str]]:
    """What is left behind, by stack, and why some stacks could not be looked at."""
    order = TopologicalSorter({id_: sorted(stack.upstream) for id_, stack in sorted(synthesis.estate.items())})
    found, unseen = dict[str, list[Found]](), list[str]()
    with _terraforms(synthesis) as of:
        for id_ in order.static_order():
            try:
                if things := _left_behind(of(id_)):
                    found[id_] = things
            except (AdoptionError, StackFailedError) as error:
                unseen.append(f"{id_}: {error}")
    return found, unseen


def _ask(found: dict[str, list[Found]], *, yes: bool) -> None:
    for stack, things in found.items():
        for each in things:
            unsigned = " [dim](it does not tell whose it is)[/]" if each.is_marked_as_ours is None else ""
            console.print(f"  {stack}: {escape(str(each))}{unsigned}")
    if found and not yes:
        typer.confirm("take them over? No other copy of the repo must deploy them", abort=True)


def _left_behind(terraform: PatientTerraform) -> list[Found]:
    """What the stack would make and is there already.

    Raises:
        ConfigurationError: Some of it is not the stack's own.
        AdoptionError: Terraform cannot plan, or something cannot be taken over.
    """
    terraform.prepare()
    found = [each for each in look(terraform, None) if each.type not in REPEATABLE]
    for each in found:
        if each.is_marked_as_ours is False:
            raise ConfigurationError(
                f"{each.id} is there already, with other labels than the stack gives: somebody else's",
                mend="remove it, or rename the service",
                where=terraform.stack.id,
            )
        if why := why_unfit(each):
            raise AdoptionError(why)
    return found


def _take(terraform: PatientTerraform, found: list[Found]) -> int:
    for each in found:
        try:
            import_(terraform, each)
        except AdoptionError as error:
            raise ConfigurationError(str(error), mend="mend what it says", where=terraform.stack.id) from error
        console.print(f"  [green]✓[/] {escape(str(each))}")
    return len(found)
