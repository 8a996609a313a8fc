"""Work on stacks in order of deployment, side by side where the order allows it."""

import os
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

from estate.stacks import Estate, upstream


def in_order(estate: Estate, wanted: Collection[str], work: Callable[[str], None]) -> None:
    """Calls `work` with each wanted stack's id after all wanted ones that it depends on, directly or not.

    An exception of a call is raised when the calls under way have ended; no other is begun.
    """
    sorter = TopologicalSorter({id_: upstream(estate, [id_]).intersection(wanted) for id_ in sorted(wanted)})
    sorter.prepare()
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while sorter.is_active():
            running |= {pool.submit(work, id_): id_ for id_ in sorted(sorter.get_ready())}
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                done.result()
                sorter.done(running.pop(done))
