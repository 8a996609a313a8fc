"""`modelyard lease` and `modelyard leases`: until when environments are wanted."""

import datetime
import json
from typing import Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console

from commands.comment import connected
from commands.environment_file import edited
from leases.lease import Lease, cloud_environments, lease_of
from leases.times import lease_end, moment, shown, shown_span, span
from stacks.environments import load_cloud_settings

console = Console(highlight=False, soft_wrap=True)
_KEY = "expires_at"
_AHEAD = "24h"


def lease(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/, in a cloud.")],
    *,
    length: Annotated[str | None, typer.Option("--for", metavar="SPAN", help="From now on: 8h, 3d, 1d12h.")] = None,
    until: Annotated[str | None, typer.Option(metavar="MOMENT", help="With its zone: 2026-11-22T18:00Z.")] = None,
    is_ended: Annotated[bool, typer.Option("--end", help="Without lease: it is wanted for good.")] = False,
) -> None:
    """Say, or show, until when an environment is wanted; a workflow tears it down afterwards."""
    if sum((length is not None, until is not None, is_ended)) > 1:
        raise ConfigurationError("--for, --until and --end contradict each other", mend="give one of them")
    settings = load_cloud_settings(environment)
    now = datetime.datetime.now(datetime.UTC)
    if is_ended:
        _remove(environment, lease_of(settings))
    elif length is not None or until is not None:
        end = lease_end(now, moment(until) if until is not None else now + span(length or ""))
        if settings.is_protected:
            raise ConfigurationError(
                f"{environment} is protected: no end of a lease would tear it down",
                mend=f"modelyard protection lift {environment} --reason …, if it may go; else it needs no lease",
                where=f"environments/{environment}.toml",
            )
        with edited(environment) as document:
            document[_KEY] = end
        console.print(f"{environment}: until {shown(end)}, in {shown_span(end - now)}")
        console.print(_commit(environment))
        _warn_without_workflow(lease_of(load_cloud_settings(environment)))
    else:
        _show(environment, lease_of(settings), now)


def leases(
    *,
    is_due: Annotated[bool, typer.Option("--due", help="Only those that a workflow is to tear down now.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    notify: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Keep the issues there that warn; GITHUB_TOKEN says who.")
    ] = None,
    ahead: Annotated[str, typer.Option(metavar="SPAN", help="How long before the end issues warn.")] = _AHEAD,
) -> None:
    """Say which environments of this checkout have a lease, and which one is over."""
    now, early = datetime.datetime.now(datetime.UTC), span(ahead)
    every = {settings.name: lease_of(settings) for settings in cloud_environments()}
    if notify:
        watched = {name: each if each and each.is_watched else None for name, each in every.items()}
        with connected() as github:
            # They take a third of a second to import, for which no other command should wait.
            from leases.issue import keep_all  # noqa: PLC0415 - see above

            for line in keep_all(github, notify, watched, now, early):
                console.print(line)
        return
    found = [each for each in every.values() if each and (each.is_for_teardown(now) or not is_due)]
    if is_json:
        typer.echo(json.dumps([_as_json(each, now, early) for each in found]))
        return
    for each in found:
        _show(each.environment, each, now)
    if not found:
        console.print("nothing is due" if is_due else "no environment has a lease")


def _remove(environment: str, found: Lease | None) -> None:
    if found is None:
        console.print(f"{environment} has no lease")
        return
    with edited(environment) as document:
        del document[_KEY]
    console.print(f"{environment} has no lease any more: it stays, and is billed, until somebody tears it down")
    console.print(_commit(environment))


def _commit(environment: str) -> str:
    return (
        f"recorded in environments/{environment}.toml; commit it to main, which workflows go by. "
        "The next deploy writes it into the labels of what is in the cloud"
    )


def _show(environment: str, found: Lease | None, now: datetime.datetime) -> None:
    if found is None:
        console.print(f"{environment} has no lease")
        return
    left = found.expires_at - now
    is_over = left <= datetime.timedelta(0)
    told = f"ended {shown_span(-left)} ago" if is_over else f"ends in {shown_span(left)}"
    stays = "; it is protected, and stays" if found.is_protected else ""
    console.print(f"{environment}: until {shown(found.expires_at)}, {told}{stays}")
    _warn_without_workflow(found)


def _warn_without_workflow(found: Lease | None) -> None:
    if found and not found.is_watched and not found.is_protected:
        console.print(
            f"[yellow]no workflow acts in {found.environment}[/], for its own state is on somebody's machine: "
            f"tear it down by hand (modelyard teardown {found.environment}), or see docs/leases.md"
        )


def _as_json(found: Lease, now: datetime.datetime, ahead: datetime.timedelta) -> dict[str, str | bool]:
    return {
        "name": found.environment,
        "cloud": found.cloud,
        "expires_at": found.expires_at.isoformat(),
        "standing": str(found.standing(now, ahead)),
        "is_protected": found.is_protected,
        "is_for_teardown": found.is_for_teardown(now),
    }
