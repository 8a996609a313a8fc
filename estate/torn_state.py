"""A state in a local file that Terraform was writing when it was killed.

Terraform empties such a file and writes it again, after each resource; stores of the clouds have the old content or the
new. Beside it, in `<file>.backup`, is what the file held before that run.
"""

import fcntl
import json
from pathlib import Path

from estate.stacks import Stack


def local_file(stack: Stack) -> Path | None:
    """The file of a state that is kept in one; None where it is in a store."""
    local = stack.backend.get("local")
    # Seen from the folder that Terraform works in.
    return (stack.folder / local["path"]).resolve() if local else None


def mend(stack: Stack) -> bool:
    """Brings back what a torn file held before the run that was killed; gives whether it had to.

    What that run has made since is there already, and gone what it has destroyed, as after any run that was cut off.
    A file that a Terraform at work has locked stays as it is.
    """
    file = local_file(stack)
    backup = file.with_name(f"{file.name}.backup") if file else None
    if not (file and backup and file.is_file() and backup.is_file()):
        return False
    with file.open("r+") as state:
        try:
            # Terraform's own lock, which ends with its process.
            fcntl.lockf(state, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        before = backup.read_text()
        if _is_whole(state.read()) or not _is_whole(before):
            return False
        state.seek(0)
        state.truncate()
        state.write(before)
    return True


def _is_whole(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
