"""Workloads to sleep and awake again, in an order in which none of them works against another."""

from collections.abc import Callable
from functools import partial

from modelyard.errors import ConfigurationError

from estate.insist import Deadline, insist
from suspension.workloads import Workload, Workloads, named

Tell = Callable[[str], None]


def put_to_sleep(workloads: Workloads, tell: Tell, deadline: Deadline) -> int:
    """Takes all pods, so that disruption budgets keep no node; gives how many workloads sleep.

    Controllers of add-ons go first: they would bring back what goes after them.

    Raises:
        ConfigurationError: The cluster refuses; or pods, or controllers that bring them back, are left at the deadline.
    """
    stages: list[Callable[[Workload], bool]] = [
        lambda each: each.kind == "cronjobs",
        lambda each: each.is_of_add_on and each.kind == "deployments",
        lambda _: True,
    ]
    for is_of_stage in stages:
        while True:
            members = [each for each in insist(workloads.all, deadline) if is_of_stage(each)]
            for each in members:
                if each.replicas:
                    insist(partial(workloads.put_to_sleep, each), deadline)
                    tell(f"{each} sleeps")
            left = [each for each in members if each.replicas or insist(partial(workloads.pods_of, each), deadline)]
            if not left:
                break
            if not deadline.left:
                raise ConfigurationError(
                    f"does not end: {named(left)}", mend="see why (kubectl get pods), then run this again"
                )
            deadline.wait()
    return sum(each.remembered is not None for each in insist(workloads.all, deadline))


def wake(workloads: Workloads, tell: Tell, deadline: Deadline) -> int:
    """Gives every workload back what it had, add-ons first; gives how many woke. CronJobs come last.

    Raises:
        ConfigurationError: The cluster refuses, or does not answer until the deadline.
    """
    woken = 0
    stages: list[Callable[[Workload], bool]] = [
        lambda each: each.is_of_add_on and each.kind != "cronjobs",
        lambda each: each.kind != "cronjobs",
        lambda _: True,
    ]
    for number, is_of_stage in enumerate(stages):
        members = [each for each in insist(workloads.all, deadline) if is_of_stage(each)]
        asleep = [each for each in members if each.remembered is not None]
        for each in asleep:
            insist(partial(workloads.wake, each), deadline)
            tell(f"{each} wakes")
        woken += len(asleep)
        if number == 0 and asleep:
            # Their webhooks have a say in what comes after them; who does not come up is told of in the end.
            _wait_for_add_ons(workloads, deadline.sooner(0.5))
    return woken


def _wait_for_add_ons(workloads: Workloads, deadline: Deadline) -> None:
    while deadline.left and not all(each.is_up for each in insist(workloads.all, deadline) if each.is_of_add_on):
        deadline.wait()


def wait_until_up(workloads: Workloads, tell: Tell, deadline: Deadline) -> None:
    """Waits until every workload has all its pods.

    Raises:
        ConfigurationError: It has not at the deadline.
    """
    told = ""
    while True:
        down = [each for each in insist(workloads.all, deadline) if not each.is_up]
        if not down:
            return
        if not deadline.left:
            raise ConfigurationError(
                f"not up in time: {named(down)}",
                mend="see why (kubectl get pods, kubectl describe), and run this again: it goes on from here",
            )
        if (now := f"waits for {named(down)}") != told:
            tell(now)
            told = now
        deadline.wait()
