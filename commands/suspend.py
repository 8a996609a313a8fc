"""`modelyard suspend` and `modelyard resume`: an environment sleeps, and wakes as it was."""

import datetime
from typing import TYPE_CHECKING, Annotated, cast

import tomlkit
import typer
from rich.console import Console
from rich.markup import escape

from commands.cost import estimated
from commands.environment_file import edited
from commands.protection import person
from commands.synthesis import synthesise
from costs.charges import Range
from costs.estimate import Estimate
from costs.report import money
from estate.synthesis import Synthesis
from leases.times import span
from stacks.add_ons import add_on_modules
from stacks.environments import load_settings
from stacks.settings import CloudSettings, Settings, Suspended
from suspension.record import TABLE

if TYPE_CHECKING:
    from estate.insist import Deadline
    from suspension.aks_power import AksPower
    from suspension.workloads import Workloads

console = Console(highlight=False, soft_wrap=True)

Environment = Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Limit = Annotated[str, typer.Option(metavar="SPAN", help="How long it may take: 45m, 2h.")]
_LIMIT = "45m"


def suspend(environment: Environment, *, yes: Yes = False, limit: Limit = _LIMIT) -> None:
    """Take everything that runs off the nodes, and the nodes off the bill; `modelyard resume` brings both back."""
    settings = load_settings(environment)
    record = settings.suspended or Suspended(on=datetime.datetime.now(datetime.UTC).date(), by=person())
    asleep = settings.model_copy(update={TABLE: record})
    deadline = _deadline(limit)
    synthesis = synthesise(asleep)
    _check_deployed(synthesis)
    after = _compare_costs(settings.model_copy(update={TABLE: None}), asleep)
    if not yes and isinstance(settings, CloudSettings):
        typer.confirm(f"suspend {environment}? None of its services will answer", abort=True)
    if settings.suspended is None:
        # First, so that no deploy wakes what is half asleep, and this can be run again wherever it ends.
        with edited(environment) as document:
            table = tomlkit.table()
            table.update(record.model_dump())
            document[TABLE] = table
    _fall_asleep(synthesis, deadline)
    console.print(f"[bold green]{environment} is suspended[/]; commit environments/{environment}.toml")
    if after:
        _tell_what_is_billed(after)


def resume(environment: Environment, *, limit: Limit = _LIMIT) -> None:
    """Bring back nodes and replicas, and wait until every service answers."""
    settings = load_settings(environment)
    awake = settings.model_copy(update={TABLE: None})
    deadline = _deadline(limit)
    synthesis = synthesise(awake)
    _check_deployed(synthesis)
    _compare_costs(settings.model_copy(update={TABLE: settings.suspended or _any_record()}), awake)
    workloads = _bring_back(synthesis, deadline, has_nodes=settings.suspended is None)
    if settings.suspended:
        with edited(environment) as document:
            del document[TABLE]
        console.print(f"no longer suspended; commit environments/{environment}.toml")
    if workloads:
        _wait(synthesis, workloads, deadline)
    console.print(f"[bold green]{environment} is awake[/]")


def wake_for_teardown(settings: Settings, *, limit: str = _LIMIT) -> None:
    """Brings back what a teardown needs of a suspended environment: controllers that let objects go, and an API server.

    Its file still says that it is suspended, and nobody waits for services.

    Raises:
        ConfigurationError: It is not deployed, or does not come back.
    """
    deadline = _deadline(limit)
    _bring_back(synthesise(settings.model_copy(update={TABLE: None})), deadline, has_nodes=False)


def _bring_back(synthesis: Synthesis, deadline: "Deadline", *, has_nodes: bool) -> "Workloads | None":
    """Nodes, then workloads; gives these as `_workloads` does."""
    if power := _aks(synthesis):
        power.turn("Running", _tell, deadline)
    elif synthesis.settings.cloud == "gke" and not has_nodes:
        _apply(synthesis, deadline)
    # An API server that has just come back does not answer at once.
    workloads = _workloads(synthesis, patience=deadline if isinstance(synthesis.settings, CloudSettings) else None)
    if workloads:
        from suspension.sleep import wake  # noqa: PLC0415 - see _workloads

        console.print(f"{wake(workloads, _tell, deadline)} workloads wake")
    return workloads


def _fall_asleep(synthesis: Synthesis, deadline: "Deadline") -> None:
    settings = synthesis.settings
    power = _aks(synthesis)
    # Whoever is stopped already cannot be asked for its workloads any more.
    workloads = None if power and power.is_stopped() else _workloads(synthesis)
    if workloads:
        from suspension.sleep import put_to_sleep  # noqa: PLC0415 - see _workloads

        console.print(f"{put_to_sleep(workloads, _tell, deadline)} workloads sleep")
        if others := workloads.running_pods():
            what = "end with the nodes" if isinstance(settings, CloudSettings) else "stay"
            console.print(f"{len(others)} pods of no Deployment or StatefulSet {what}: {', '.join(others[:5])}")
    if power:
        power.turn("Stopped", _tell, deadline)
    elif settings.cloud == "gke":
        _apply(synthesis, deadline)


def _wait(synthesis: Synthesis, workloads: "Workloads", deadline: "Deadline") -> None:
    from suspension.answers import addresses, wait_for_answers  # noqa: PLC0415 - see _workloads
    from suspension.sleep import wait_until_up  # noqa: PLC0415 - see _workloads

    wait_until_up(workloads, _tell, deadline)
    wait_for_answers(addresses(synthesis), _tell, deadline)


def _workloads(synthesis: Synthesis, *, patience: "Deadline | None" = None) -> "Workloads | None":
    """Those of the environment; None in a rehearsal, which has no pods."""
    if synthesis.rehearsal:
        _tell("rehearsed: there are no pods, and AKS has no switch")
        return None
    # Kubernetes' client takes half a second to import, for which no other command should wait.
    from estate.cluster_access import cluster_of  # noqa: PLC0415 - see above
    from estate.insist import insist  # noqa: PLC0415 - see above
    from suspension.workloads import Workloads  # noqa: PLC0415 - see above

    cluster = insist(lambda: cluster_of(synthesis), patience) if patience else cluster_of(synthesis)
    return Workloads(cluster, synthesis.settings.name, add_on_modules().keys())


def _check_deployed(synthesis: Synthesis) -> None:
    from estate.cluster_access import deployed_cluster  # noqa: PLC0415 - see _workloads

    if isinstance(synthesis.settings, CloudSettings):
        deployed_cluster(synthesis)


def _aks(synthesis: Synthesis) -> "AksPower | None":
    """The switch of AKS; None elsewhere, and in a rehearsal."""
    if synthesis.settings.cloud != "aks" or synthesis.rehearsal:
        return None
    # Azure's clients take a second to import.
    from stacks.aks.settings import AksSettings  # noqa: PLC0415 - see above
    from suspension.aks_power import AksPower, connect  # noqa: PLC0415 - see above

    settings = cast(AksSettings, synthesis.settings)
    return AksPower(settings, connect(settings))


def _apply(synthesis: Synthesis, deadline: "Deadline") -> None:
    from suspension.gke_nodes import apply_cluster  # noqa: PLC0415 - its import starts no other command

    apply_cluster(synthesis, _tell, seconds=deadline.left)


def _deadline(limit: str) -> "Deadline":
    from estate.insist import Deadline  # noqa: PLC0415 - see _workloads

    return Deadline(span(limit).total_seconds())


def _any_record() -> Suspended:
    return Suspended(on=datetime.datetime.now(datetime.UTC).date(), by=person())


def _compare_costs(before: Settings, after: Settings) -> Estimate | None:
    """Says what a month costs before and after; nothing on a cluster of one's own."""
    if not isinstance(before, CloudSettings) or not isinstance(after, CloudSettings):
        return None
    now, then = estimated(before), estimated(after)
    console.print(f"a month at list prices: {money(now.monthly)} before, {money(then.monthly)} after")
    return then


def _tell_what_is_billed(found: Estimate) -> None:
    lines = sorted((line for line in found.lines if line.monthly.high), key=lambda line: -line.monthly.high)
    console.print("still billed:")
    for line in lines:
        console.print(f"  {escape(line.what)}: {_amount(line.monthly)}")
    for each in found.unpriced:
        console.print(f"  unpriced: {escape(each.what)}: {escape(each.why)}")


def _amount(monthly: Range) -> str:
    return f"${monthly.high:,.2f}" if monthly.low == monthly.high else f"${monthly.low:,.2f}-{monthly.high:,.2f}"


def _tell(line: str) -> None:
    console.print(f"  {escape(line)}")
