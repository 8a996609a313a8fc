"""`modelyard teardown`: an environment goes, with all that is billed for it."""

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from modelyard.errors import ConfigurationError

import typer
from rich.console import Console
from rich.markup import escape

from commands import state as own_state
from commands.protection import person, record_lifting
from commands.stack_lines import failures, show, tell
from commands.suspend import wake_for_teardown
from commands.synthesis import synthesise
from costs.charges import NOTHING
from costs.report import money
from estate.states import States
from estate.synthesis import Synthesis
from estate.volumes import KeptVolume, volumes_in
from leftovers import report as leftovers
from leftovers.clouds import has_stand_in
from leftovers.leftover import Leftover
from runs.results import Limits, StackResult
from stacks.environments import load_settings
from stacks.paths import ROOT
from stacks.settings import CloudSettings, ProtectionLifted, Settings
from teardown import bill
from teardown.backup import back_up
from teardown.consent import Consent, Volumes, ask, ask_for_artifacts, ask_for_reason, ask_for_volumes
from teardown.lifting import give_up_content
from teardown.phases import Phases, phases
from teardown.sequence import Results, Steps

if TYPE_CHECKING:
    from teardown.cloud_side import CloudSide
    from teardown.drain import Claim

console = Console(highlight=False, soft_wrap=True)
BACKUPS = ROOT / "backups"


class TeardownError(Exception):
    """What could not be taken down; the message is for people."""


def teardown(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="A file of environments/.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it may go.")] = False,
    volumes: Annotated[Volumes | None, typer.Option(help="What happens to disks with what people saved.")] = None,
    artifacts: Annotated[bool, typer.Option("--artifacts", help="Delete models and artifacts, too.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why a protected environment may go; it is recorded.")] = None,
    keep_stores: Annotated[
        bool, typer.Option("--keep-stores", help="Leave state, registry, artifacts and identities.")
    ] = False,
) -> None:
    """Take an environment down: nothing lost that was not given up, nothing left that is billed."""
    settings = load_settings(environment)
    if settings.is_protected and keep_stores:
        raise ConfigurationError(
            f"{environment} is protected, and --keep-stores leaves what that is for",
            mend=f"modelyard protection lift {environment} --reason …, or without --keep-stores",
        )
    said = Consent(yes, volumes, artifacts)
    going = _Going.of(settings, reason, keep_stores=keep_stores)
    if going.present:
        going.ask(said)
        going.go(said)
    else:
        console.print(f"nothing of {environment} is deployed")
    going.account(said)


@dataclass
class _Going:
    """A teardown under way."""

    settings: Settings
    synthesis: Synthesis
    phases: Phases
    stacks: frozenset[str]
    steps: Steps
    states: States
    suspects: frozenset[str]
    cloud: "CloudSide | None"
    reason: str | None
    volumes: Volumes = Volumes.DELETE

    @classmethod
    def of(cls, settings: Settings, reason: str | None, *, keep_stores: bool) -> "_Going":
        """Looks at what is deployed; changes nothing."""
        with console.status(f"looks at what is deployed of {settings.name} …"):
            synthesis = synthesise(_unprotected(settings, reason or ""))
            parts = phases(settings, synthesis.estate)
            steps = _steps(synthesis)
            states = steps.states()
        stacks = parts.workloads | parts.cluster if keep_stores else parts.all
        found = {id_: state for id_, state in states.items() if id_ in stacks}
        cloud = None
        if isinstance(settings, CloudSettings):
            with console.status("asks the cluster …"):
                cloud = _cloud(settings, synthesis, states)
        return cls(settings, synthesis, parts, stacks, steps, found, steps.cut_off() & stacks, cloud, reason)

    @property
    def present(self) -> frozenset[str]:
        """The stacks that hold something, or may: runs that were cut off have made what no state knows."""
        return self.suspects | self.states.keys()

    def ask(self, consent: Consent) -> None:
        """Shows what goes, and asks for all that somebody has to say; nothing is touched before."""
        console.print(bill.table(self.settings, self.states, self.stacks))
        if unknown := sorted(self.suspects - self.states.keys()):
            console.print(f"runs were cut off on {', '.join(unknown)}: what they may have made is looked for")
        if isinstance(self.settings, CloudSettings):
            saved = bill.saving(self.settings, self.states, self.stacks)
            console.print(f"saves [bold]{money(NOTHING - saved.monthly)}[/] a month, of {money(saved.before)}")
        if self.settings.is_protected:
            self.reason = ask_for_reason(self.settings.name, self.reason)
        if self.cloud and self.cloud.why_silent:
            console.print(f"[yellow]what runs in the cluster cannot be looked into[/]: {escape(self.cloud.why_silent)}")
        if isinstance(self.settings, CloudSettings):
            ask(f"take {self.settings.name} down?", consent)
        self.volumes = ask_for_volumes(self._volumes(), consent, why_no_snapshots=self._why_no_snapshots())
        ask_for_artifacts(self._artifacts(), consent)

    def go(self, consent: Consent) -> None:
        """Does it. Raises TeardownError with what stays, and why."""
        rehearsal = self.synthesis.rehearsal
        if self.settings.is_protected and not rehearsal:
            record_lifting(self.settings.name, self.reason or "")
            console.print(f"  protection lifted: recorded in environments/{self.settings.name}.toml; commit it")
        place = back_up(self.states, rehearsal.folder / "backups" if rehearsal else BACKUPS / self.settings.name)
        console.print(f"  backed up: {len(self.states)} states in {place.relative_to(ROOT)}")
        for id_ in self._artifacts():
            give_up_content(self.synthesis.estate[id_])
        if self.settings.suspended and not rehearsal:
            self._wake(consent)
        self._refuse("lift the protection of", self.steps.lift(self.states))
        if self.volumes is Volumes.SNAPSHOT:
            self._snapshot()
        self._destroy_workloads()
        if self.cloud:
            for each in self.cloud.drain(_say):
                console.print(f"  [yellow]still there[/]: {escape(each)}; the cluster goes all the same")
        rest = self.stacks - self.phases.workloads
        self._refuse("destroy", self.steps.destroy(rest - self.phases.state))
        if rest & self.phases.state:
            self._destroy_state_store()

    def _snapshot(self) -> None:
        if self.cloud:
            self.cloud.snapshot(_say)
        else:
            console.print("  rehearsed: no snapshot is made")

    def _wake(self, consent: Consent) -> None:
        """What sleeps is asked once it is awake, and so are people, for the volumes that nobody could see before."""
        asked = self._volumes()
        wake_for_teardown(self.settings)
        if isinstance(self.settings, CloudSettings):
            self.cloud = _cloud(self.settings, self.synthesis, self.states)
        ask_for_volumes([each for each in self._volumes() if each not in asked], consent)

    def account(self, consent: Consent) -> None:
        """Sweeps what is left, and says what still is; raises typer.Exit with 1 if that is billed."""
        if self.cloud is None:
            if isinstance(self.settings, CloudSettings):
                console.print("rehearsed: no cloud was asked what is left")
            return
        left = self.cloud.leftovers()
        orphans = [each for each in left if not each.is_kept]
        if orphans:
            console.print(leftovers.table(orphans, f"{self.settings.name}: left in the cloud"))
            console.print(leftovers.total(orphans))
            ask("delete what is left, too?", consent)
            volumes = [_of_disk(each) for each in orphans if each.claim]
            if ask_for_volumes(volumes, consent) is Volumes.SNAPSHOT:
                self.cloud.snapshot(_say)
            self.cloud.sweep(orphans, _say)
            left = self.cloud.leftovers()
            orphans = [each for each in left if not each.is_kept]
        if kept := [each for each in left if each.is_kept]:
            console.print(leftovers.table(kept, f"{self.settings.name}: kept on purpose"))
        if orphans:
            console.print(leftovers.table(orphans, f"{self.settings.name}: still in the cloud"))
            console.print(f"[red]{leftovers.total(orphans)}[/]; mend what the cloud says, and run this again")
            raise typer.Exit(1)
        console.print(f"[bold green]gone[/]: {self.settings.name}")

    def _destroy_workloads(self) -> None:
        workloads = self.phases.workloads & self.present
        if not workloads:
            return
        without = self.phases.cluster and not self.phases.cluster & self.present
        results = {} if without else self.steps.destroy(workloads)
        if not without and not failures(results, self.settings.name):
            return
        if self.phases.cluster and self.steps.is_without_cluster(self.phases.cluster):
            self._refuse_lost_state()
            console.print("  the cluster is not there any more")
            for id_ in self.steps.forget_what_was_in_the_cluster(workloads):
                console.print(f"  {id_}: what was in the cluster went with it")
            # What is left of them is the cloud's; the cluster cannot be read any more.
            self._refuse("destroy", self.steps.destroy(workloads, "-refresh=false"))
        else:
            self._refuse("destroy", results)

    def _refuse_lost_state(self) -> None:
        """What is in a cluster goes with it; but is it gone, or has its state been lost?"""
        if self.cloud and self.cloud.is_living():
            cluster = ", ".join(self.phases.cluster)
            raise ConfigurationError(
                f"the state of {cluster} knows no cluster, and the cloud has one: that state was lost",
                mend=f"modelyard state restore {self.settings.name} {cluster} FILE, as docs/state.md tells",
            )

    def _destroy_state_store(self) -> None:
        settings = load_settings(self.settings.name)
        if isinstance(settings, CloudSettings) and settings.state.own_state == "remote":
            if not self.synthesis.rehearsal:
                own_state.move(settings.name, to="local")
            # Its backend is another one now.
            settings = load_settings(self.settings.name)
        again = synthesise(_unprotected(settings, ""))
        self._refuse("destroy", _steps(again).destroy(self.phases.state))

    def _volumes(self) -> list[KeptVolume]:
        known = [
            volume for state in self.states.values() for volume in volumes_in(state.content, state.stack.configuration)
        ]
        names = {(each.namespace, each.name) for each in known}
        claims = [_of_claim(each) for each in self.cloud.claims()] if self.cloud else []
        return known + [each for each in claims if (each.namespace, each.name) not in names]

    def _why_no_snapshots(self) -> str:
        if not isinstance(self.settings, CloudSettings):
            return "a cluster of one's own makes none"
        return self.cloud.why_silent if self.cloud else ""

    def _artifacts(self) -> list[str]:
        if not isinstance(self.settings, CloudSettings):
            return []
        return sorted({self.settings.stack_id("artifacts")} & self.present)

    def _refuse(self, what: str, results: Results) -> None:
        if said := failures(results, self.settings.name):
            raise TeardownError(
                f"error: could not {what} all of it. Terraform says:\n\n{said}\n\n"
                f"  mend: mend what it says, and run this again, it goes on where it was; what was printed is in "
                f"{self.synthesis.place}"
            )


def _cloud(settings: CloudSettings, synthesis: Synthesis, states: States) -> "CloudSide | None":
    """None in a rehearsal, nothing of which is in a cloud, unless something stands in for that."""
    # Kubernetes' client takes half a second to import, for which no other command should wait.
    from teardown.cloud_side import CloudSide  # noqa: PLC0415 - see above

    if not synthesis.rehearsal:
        return CloudSide.of(settings, synthesis, states)
    return CloudSide(settings, api=None, why_silent="") if has_stand_in() else None


def _of_claim(claim: "Claim") -> KeptVolume:
    return KeptVolume(claim.namespace, claim.name, claim.size, path=None, is_declared=False)


def _of_disk(disk: Leftover) -> KeptVolume:
    namespace, _, name = disk.claim.partition("/")
    return KeptVolume(namespace, name, f"{disk.kind} {disk.name}", path=None, is_declared=False)


def _say(line: str) -> None:
    console.print(f"  {escape(line)}")


def _steps(synthesis: Synthesis) -> Steps:
    return Steps(
        estate=synthesis.estate,
        variables=synthesis.variables,
        place=synthesis.place,
        limits=Limits(),
        tell=tell,
        lifted=_show_lifted,
        destroyed=show,
    )


def _show_lifted(result: StackResult) -> None:
    if result.outcome == "done":
        console.print(f"  no longer protected: {result.stack}")
    else:
        show(result)


def _unprotected(settings: Settings, reason: str) -> Settings:
    if not settings.is_protected:
        return settings
    record = ProtectionLifted(on=datetime.datetime.now(datetime.UTC).date(), by=person(), reason=reason or "teardown")
    return settings.model_copy(update={"protection_lifted": record})
