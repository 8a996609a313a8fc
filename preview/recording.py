"""Writes down what the plans of one environment's stacks say."""

from collections.abc import Collection

from estate.stacks import downstream, upstream
from preview import verdicts
from preview.changes import Action, Change, Plan, changes, drift, without_leaf
from preview.difference import Difference, difference
from preview.outcome import StackPreview, Status
from preview.redaction import Redactor, secrets_of_plan
from preview.renames import renames
from preview.sides import Sides
from preview.source_files import source_file
from preview.verdicts import CLUSTERS, Danger, Finding
from terraform_cli.call import TerraformError

_STATE_MOVED = (
    "its state has another place: `cdktf deploy` stops there and asks for `-migrate-state`, and without that it would "
    "create everything once more"
)


class Recorder:
    """The previews of one environment's stacks, as far as they are known.

    Args:
        sides: Its stacks at both revisions.
        redactor: Learns what must not be shown.
        simulated: Names of the providers whose plans are the simulator's own.

    Attributes:
        difference: Which stacks differ.
        previews: By the stack's id.
    """

    def __init__(self, sides: Sides, redactor: Redactor, simulated: frozenset[str]) -> None:
        self.sides = sides
        self.difference: Difference = difference(sides.base, sides.head)
        self.previews: dict[str, StackPreview] = {}
        self._redactor = redactor
        self._simulated = simulated

    def begin(self, id_: str, *, has_base: bool = True) -> None:
        """A stack is going to be planned, or only its state's place differs; without a base, none is called new."""
        file = source_file(id_, self.sides.sources, self.sides.settings.cloud)
        stack = self.previews[id_] = StackPreview(id_, file=file, is_new=has_base and id_ in self.difference.added)
        if id_ in self.difference.moved:
            stack.moves_state = True
            stack.findings.append(Finding(Danger.STATE_MOVED, id_, "", _STATE_MOVED))
        if base := self.sides.base.get(id_):
            stack.findings += verdicts.unprotected(id_, base.resources, self.sides.head[id_].resources)

    def planned(self, id_: str, plan: Plan, simulated_types: Collection[str] = ()) -> None:
        """There is a plan; that of some types may be the simulator's own, though their provider's plugin is there."""
        self._redactor.learn(secrets_of_plan(plan))
        stack = self.previews[id_]
        stack.plan = plan
        stack.changes = changes(id_, plan, self._simulated.union(simulated_types))
        stack.drift = drift(id_, plan)
        if self.sides.settings.suspended:
            # The state tells how many pods there were: that there are none now is no drift, but what is wanted.
            stack.drift = list(without_leaf(stack.drift, "spec[0].replicas"))
        stack.renames = renames(stack.changes)
        gone = verdicts.workloads_gone(stack.changes)
        for change in stack.changes:
            self._judge(stack, change, gone)

    def _judge(self, stack: StackPreview, change: Change, gone: Collection[str]) -> None:
        base, head = self.sides.base.get(stack.id), self.sides.head[stack.id]
        before, after = (
            (address.partition("[")[0]) for address in (change.moved_from or change.address, change.address)
        )
        stack.findings += verdicts.findings(change, head.resources.get(after, {}), gone)
        path = head.construct_path(after) or (base.construct_path(before) if base else "")
        stack.construct_paths[change.address] = path
        if change.type in CLUSTERS and change.destroys:
            stack.findings += self._what_stands_on(stack.id, change.address)

    def _what_stands_on(self, id_: str, address: str) -> list[Finding]:
        standing = sorted(downstream(self.sides.base, id_) | downstream(self.sides.head, id_))
        says = (
            f"takes with it what {len(standing)} stacks have deployed on it: {', '.join(standing)}. "
            "None of them can be planned before it is there again"
        )
        return [Finding(Danger.DESTROY, id_, address, says)] if standing else []

    def is_without_cluster(self, id_: str) -> bool:
        """Whether what it stands on goes, so that it has no plan: data sources would still find the old cluster."""
        going = [
            below
            for below in sorted(upstream(self.sides.head, [id_]) & self.previews.keys())
            if any(change.type in CLUSTERS and change.destroys for change in self.previews[below].changes)
        ]
        if going:
            self.not_plannable(id_, going)
        return bool(going)

    def not_planned(self, id_: str, error: TerraformError) -> None:
        """There is no plan: something below it has to be deployed first, or it is wrong."""
        below = [self.previews[each] for each in sorted(self.sides.head[id_].upstream) if each in self.previews]
        waiting = [each.id for each in below if each.status is Status.NOT_PLANNABLE or _makes_anew(each)]
        if waiting:
            self.not_plannable(id_, waiting)
        else:
            self.previews[id_].status = Status.FAILED
            self.previews[id_].says = error.said.strip() or str(error)

    def not_plannable(self, id_: str, waiting: list[str]) -> None:
        """What it stands on is not there."""
        self.out_of_reach(
            id_, f"it is planned when {', '.join(waiting)} {'is' if len(waiting) == 1 else 'are'} deployed"
        )

    def out_of_reach(self, id_: str, says: str) -> None:
        """It cannot be planned here and now; that is no failure."""
        self.previews[id_].status = Status.NOT_PLANNABLE
        self.previews[id_].says = says

    def left_behind(self, id_: str) -> None:
        """A stack is gone from the code: no deploy looks at it again."""
        count = len(self.sides.base[id_].resources)
        says = (
            f"not in the code any more, and no deploy destroys it: its {count} resources stay, and are billed. "
            f"Before this is merged, run in a checkout of the base: `npx cdktf destroy {id_}`"
        )
        finding = Finding(Danger.LEFT_BEHIND, id_, "", says)
        self.previews[id_] = StackPreview(id_, status=Status.LEFT_BEHIND, says=says, findings=[finding])

    def in_order(self) -> list[StackPreview]:
        """What is deployed first is first; what is gone comes last."""
        head = sorted(self.sides.head, key=lambda id_: (len(upstream(self.sides.head, [id_])), id_))
        order = [id_ for id_ in head if id_ in self.previews]
        return [self.previews[id_] for id_ in [*order, *sorted(self.previews.keys() - set(order))]]


def _makes_anew(preview: StackPreview) -> bool:
    return any(change.action in (Action.CREATE, Action.REPLACE) for change in preview.changes)
