"""Who calls the command, for records."""

import getpass
import subprocess


def person() -> str:
    """The address that git has of them, else the name of their account."""
    configured = subprocess.run(["git", "config", "user.email"], capture_output=True, text=True, check=False)
    return configured.stdout.strip() or getpass.getuser()
