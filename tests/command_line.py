"""`modelyard` in this process, for what it refuses before it writes anything; tests/test_protection.py starts it."""

import sys

import pytest

from commands.app import main


def refusal(*arguments: str) -> str:
    """What a person reads as `modelyard ARGUMENTS` ends with 1."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["modelyard", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    # Python prints a text, and ends with 1.
    assert isinstance(ended.value.code, str)
    return ended.value.code
