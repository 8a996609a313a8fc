"""A teardown's steps on Terraform's side; each may be run again after whatever interrupted it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from estate.stacks import Estate
from estate.states import State, States, deployed
from runs.estate_run import run
from runs.journal import Journal
from runs.results import Limits, StackResult, Verb
from teardown.lifting import held
from terraform_cli.call import terraform

# What is in a cluster, and gone with it.
_IN_CLUSTERS = ("kubernetes_", "helm_")
_CLUSTERS = ("google_container_cluster", "azurerm_kubernetes_cluster")
Results = dict[str, StackResult]


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps, over the stacks of one environment.

    Attributes:
        estate: The stacks, synthesised without protection.
        variables: What Terraform is run with, beyond this process's environment.
        place: Where logs and journal are.
        limits: How long to wait, and how often to try again.
        tell: Called with a stack's id (empty for none) and what a person should know of it.
        lifted: Called with each stack whose protection was taken off, or not.
        destroyed: Called with each stack that was destroyed, or not.
    """

    estate: Estate
    variables: Mapping[str, str]
    place: Path
    limits: Limits
    tell: Callable[[str, str], None]
    lifted: Callable[[StackResult], None]
    destroyed: Callable[[StackResult], None]

    def states(self) -> States:
        """What is deployed now; raises ConfigurationError and TerraformError."""
        return deployed(self.estate, self.variables, self.cut_off())

    def cut_off(self) -> frozenset[str]:
        """The stacks on which a run from this checkout may have made what their states do not know."""
        return Journal(self.place).cut_off()

    def lift(self, states: States) -> Results:
        """Takes off what providers find in the state and stop at: of those things, and nothing else of their stacks."""
        targets = held(states)

        def extra(stack: str) -> Sequence[str]:
            return [f"-target={address}" for address in targets[stack]]

        return self._run("apply", targets, extra, self.lifted)

    def destroy(self, stacks: Collection[str], *extra: str) -> Results:
        """What stands on others goes first; an empty state is nothing to do."""
        return self._run("destroy", stacks, lambda _: extra, self.destroyed)

    def is_without_cluster(self, cluster: Collection[str]) -> bool:
        """Whether the cluster is not there any more, whoever has deleted it: the provider is asked.

        Where it gives no answer in time, the cluster is taken to be there.
        """
        known = self.states().keys() & set(cluster)
        self._run("apply", known, lambda _: ["-refresh-only"], lambda _: None)
        states = self.states()
        return not any(each.type in _CLUSTERS for id_ in cluster if id_ in states for each in states[id_].managed())

    def forget_what_was_in_the_cluster(self, workloads: Collection[str]) -> list[str]:
        """Takes out of the states what went with a cluster that is gone; gives the stacks that it was taken out of."""
        touched = []
        for id_, state in self.states().items():
            gone = _in_cluster(state) if id_ in workloads else []
            if gone:
                self._terraform(id_, "init", "-input=false")
                self._terraform(id_, "state", "rm", "-lock-timeout=60s", *gone)
                touched.append(id_)
        return touched

    def _run(
        self,
        verb: Verb,
        stacks: Collection[str],
        extra: Callable[[str], Sequence[str]],
        ended: Callable[[StackResult], None],
    ) -> Results:
        if not stacks:
            return {}
        return run(
            verb,
            self.estate,
            stacks,
            limits=self.limits,
            variables=self.variables,
            place=self.place,
            tell=self.tell,
            extra=extra,
            ended=ended,
        )

    def _terraform(self, id_: str, *arguments: str) -> str:
        return terraform(self.estate[id_].folder, self.variables, *arguments, timeout=None)


def _in_cluster(state: State) -> list[str]:
    return [each.address for each in state.managed() if each.type.startswith(_IN_CLUSTERS)]
