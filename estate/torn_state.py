"""A state in a local file that Terraform was writing when it was killed.

Terraform empties such a file and writes it again, after each resource; stores of the clouds have the old content or the
new. Beside it, in `<file>.backup`, is what the file held before that run; where it held nothing, there is no backup.
"""

import fcntl
import json
from pathlib import Path

from estate.stacks import Stack

# Terraform's first words: what somebody else has written stays.
_BEGINS = '{\n  "version": 4,\n'


def local_file(stack: Stack) -> Path | None:
    """The file of a state that is kept in one; None where it is in a store."""
    local = stack.backend.get("local")
    # Seen from the folder that Terraform works in.
    return (stack.folder / local["path"]).resolve() if local else None


def mend(stack: Stack, *, was_cut_off: bool) -> bool:
    """Brings back what a torn file held before the run that was killed; gives whether it had to.

    What that run has made since is there already, and gone what it has destroyed, as after any run that was cut off.
    The beginning of a first state has no backup: it is kept as `<file>.torn`, and there is no state again. A file that
    a Terraform at work has locked stays as it is.

    Args:
        stack: Whose state it is.
        was_cut_off: Whether a run is known to have been killed on it: without that, nobody knows who has torn a file
            that has no backup, and it stays.
    """
    file = local_file(stack)
    if not (file and file.is_file()):
        return False
    with file.open("r+") as state:
        try:
            # Terraform's own lock, which ends with its process.
            fcntl.lockf(state, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        torn = state.read()
        before = _before(file)
        if _is_whole(torn) or before is None or not (before or (was_cut_off and torn.startswith(_BEGINS))):
            return False
        if not before:
            file.with_name(f"{file.name}.torn").write_text(torn)
        state.seek(0)
        state.truncate()
        state.write(before)
    return True


def _before(file: Path) -> str | None:
    """What it held before the last run; empty for nothing, None where that is not known."""
    backup = file.with_name(f"{file.name}.backup")
    if not backup.is_file():
        return ""
    text = backup.read_text()
    return text if _is_whole(text) else None


def _is_whole(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
