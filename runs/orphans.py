"""What a Terraform that was killed leaves behind: its plugins, which do not notice.

One that was at work goes on with what it was asked for, beside the next run; the others wait for ever, with the memory
they have. Seen with helm 3.1, kubernetes 2.38 and google 6.50.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from runs.journal import Call, start_of


def end_orphans(folder: Path, calls: Collection[Call]) -> list[int]:
    """Ends the plugins of dead Terraforms; what they were at is left as a machine without power would leave it.

    Args:
        folder: The stack's, where all of them work.
        calls: Those of this checkout on the stack, each of which leads a session of its own.

    Returns:
        Their numbers.
    """
    # A stranger who has its number now proves that it had left nothing: a number is not given while there are plugins.
    dead = {call.pid for call in calls if (call.ended is None or call.is_cut) and start_of(call.pid) is None}
    found = list(_members(dead, folder)) if dead else []
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(found, timeout=10)
    return sorted(process.pid for process in found)


def _members(sessions: Collection[int], folder: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        # Those of others do not let themselves be asked for their folder.
        with suppress(psutil.Error, OSError):
            if os.getsid(process.pid) in sessions and Path(process.cwd()) == folder.resolve():
                yield process
