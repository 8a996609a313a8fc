"""What the page says, before anybody lays it out."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from costs.charges import Range
from costs.estimate import Estimate
from leases.lease import Lease
from policies.exceptions import PolicyException
from policies.kept import KeptVerdict
from preview.outcome import Status
from stacks.settings import ProtectionLifted, Suspended


class Kind(StrEnum):
    """What a stack is to people."""

    FOUNDATION = "foundation"
    ADD_ON = "add-on"
    SERVICE = "service"


class Reach(StrEnum):
    """From where a way in can be gone, the widest first."""

    WORLD = "the world"
    NETWORKS = "named networks"
    INTERNAL = "private network"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Door:
    """A way in from outside of the cluster.

    Attributes:
        what: It, in words: `LoadBalancer iris`.
        at: Where it answers, as far as anybody knows before a deploy: `port 80`, a path, a host.
        reach: From where it can be gone.
        ranges: The networks that are let in; empty if nobody knows them.
    """

    what: str
    at: str
    reach: Reach
    ranges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """Where an image comes from.

    Attributes:
        folder: What it is built from, in the repo; empty if that is not known.
        committed_at: When the last commit changed that folder; None if Git does not tell.
        is_changed: Whether files in it differ from that commit.
        billed_at: When its bill of materials was written here, which is when it was built; None without one.
        packages: How many that bill lists.
    """

    folder: str = ""
    committed_at: datetime.datetime | None = None
    is_changed: bool = False
    billed_at: datetime.datetime | None = None
    packages: int = 0


@dataclass(frozen=True)
class Image:
    """What pods run.

    Attributes:
        reference: As the cluster pulls it.
        is_own: Whether this repo builds it: its tag is the hash of what it is built from.
        origin: What is known of it.
    """

    reference: str
    is_own: bool
    origin: Origin

    @property
    def name(self) -> str:
        """Without registry and tag."""
        return self.reference.partition("@")[0].rpartition("/")[2].partition(":")[0]

    @property
    def tag(self) -> str:
        """Its release, or the hash of its content."""
        return self.reference.partition("@")[0].rpartition("/")[2].partition(":")[2]


@dataclass(frozen=True)
class Link:
    """Where to look further; `hint` says what has to be done before."""

    text: str
    url: str
    hint: str = ""


@dataclass(frozen=True)
class StackFacts:
    """One stack.

    Attributes:
        id: With the environment in it.
        name: Without.
        kind: What it is to people.
        says: What it is for, a sentence of its author's; perhaps empty.
        needs: Ids of the stacks that it stands on, those left out that another of them needs.
        needed_by: Ids of those that stand on it, likewise.
        runs: What it makes in the cluster: `Deployment iris`, `volume notebook, 10Gi`.
        resources: How many Terraform manages.
        doors: The ways in.
        openings: What else is open to everybody, sentences.
        images: Of its pods.
        charts: Helm charts of others, with their versions.
        monthly: USD a month; None where nobody bills.
        links: To dashboards, logs and consoles.
        commands: What a deploy prints for a person to run.
    """

    id: str
    name: str
    kind: Kind
    says: str = ""
    needs: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    resources: int = 0
    doors: tuple[Door, ...] = ()
    openings: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    charts: tuple[str, ...] = ()
    monthly: Range | None = None
    links: tuple[Link, ...] = ()
    commands: tuple[str, ...] = ()

    @property
    def is_open_to_world(self) -> bool:
        """Whether anything of it answers everybody."""
        return bool(self.openings) or any(door.reach is Reach.WORLD for door in self.doors)

    @property
    def reach(self) -> Reach | None:
        """The widest; None where nothing can be reached from outside of the cluster."""
        return min((door.reach for door in self.doors), key=list(Reach).index, default=None)


@dataclass(frozen=True)
class StackChange:
    """What a preview says of one stack.

    Attributes:
        id: The stack's.
        status: How far the preview came.
        counts: Of resources by symbol: `+`, `~`, `±`, `-`.
        says: Why there is no plan, and other remarks.
        dangers: Each a sentence, with its kind before it.
        lines: The diff, without secrets.
        monthly: How the month's bill of it changes; None if it does not.
    """

    id: str
    status: Status
    counts: Mapping[str, int]
    says: tuple[str, ...]
    dangers: tuple[str, ...]
    lines: tuple[str, ...]
    monthly: Range | None


@dataclass(frozen=True)
class Changes:
    """What a preview says of the environment.

    Attributes:
        base: What is deployed: a commit.
        head: What is to be deployed.
        plans_by: Whose plans they are.
        stacks: Those that differ, in order of deployment.
        unchanged: How many others there are.
        monthly: How the month's bill changes; None if it does not.
        error: Why there is nothing of it.
    """

    base: str
    head: str
    plans_by: str
    stacks: tuple[StackChange, ...]
    unchanged: int
    monthly: Range | None = None
    error: str = ""

    @property
    def count(self) -> int:
        """How many resources change."""
        return sum(sum(stack.counts.values()) for stack in self.stacks)

    @property
    def dangers(self) -> int:
        """How many there are."""
        return sum(len(stack.dangers) for stack in self.stacks)


@dataclass(frozen=True)
class Policies:
    """What the policies say.

    Attributes:
        kept: The verdict, and when it was made; None if there is none of these stacks.
        why_not: Why there is none, a sentence.
        is_whole: Whether all stacks were judged; a preview judges those that change.
        exceptions: Those of the environment, whether anything was judged or not.
    """

    kept: KeptVerdict | None
    why_not: str
    is_whole: bool
    exceptions: tuple[PolicyException, ...]


@dataclass(frozen=True)
class Report:
    """All that the page says.

    Attributes:
        name: The environment's.
        place: Cloud, region and project in words, the widest first.
        made_at: When, in UTC.
        revision: What was synthesised: a commit in words.
        stacks: In order of deployment.
        estimate: What it costs a month; None where nobody bills.
        cap: USD that a month may cost at most; None for none.
        lease: Until when it is wanted; None if for good.
        suspended: The record that it sleeps.
        is_protected: Whether it refuses to be destroyed; None where nothing would.
        lifted: The record that it does not.
        policies: What they say.
        changes: What a preview says.
    """

    name: str
    place: tuple[str, ...]
    made_at: datetime.datetime
    revision: str
    stacks: tuple[StackFacts, ...]
    estimate: Estimate | None
    cap: int | None
    lease: Lease | None
    suspended: Suspended | None
    is_protected: bool | None
    lifted: ProtectionLifted | None
    policies: Policies
    changes: Changes | None = None

    def of_kind(self, kind: Kind) -> list[StackFacts]:
        """The stacks of a kind."""
        return [stack for stack in self.stacks if stack.kind is kind]
