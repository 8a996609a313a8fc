"""Which lock may be taken away: one that this checkout's own Terraform left when it was killed, and no other."""

from collections.abc import Iterable

import psutil

from runs.journal import Call, me
from terraform_cli.locks import Backend, Lock, may_hold


def why_not_ours(lock: Lock, backend: Backend, calls: Iterable[Call]) -> str:
    """Says why a lock must stay; empty if it is the one that a dead Terraform of ours has left.

    Args:
        lock: As the store gives it.
        backend: Of the stack.
        calls: Those of this checkout on the stack.
    """
    if "local" in backend:
        return "a file's lock goes with the Terraform that holds it: that one still runs"
    if lock.who != me():
        return f"it is not {me()}'s"
    ours = [call for call in calls if call.may_have_left(lock.since.timestamp())]
    if not ours:
        return "no run of this checkout has taken it"
    if any(call.is_alive for call in ours):
        return "that run is still at work"
    if any(may_hold(process, backend) for process in psutil.process_iter()):
        return "a Terraform on this machine is at work on this state"
    return ""
