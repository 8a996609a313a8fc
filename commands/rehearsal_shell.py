"""Starts the simulated providers for a shell: `modelyard rehearse --shell` prints the line that calls this.

`python -m commands.rehearsal_shell WORLD [PLUGINS…] PID` prints the value of TF_REATTACH_PROVIDERS; the providers end
with the process PID, which is the shell. PLUGINS are folders of real plugins, which then check and plan.
"""

import subprocess
import sys

from stacks.paths import ROOT


def main() -> None:
    """Starts the providers in a session of their own, so that Ctrl-C in the shell does not reach them."""
    world, *plugins, process = sys.argv[1:]
    options = [argument for folder in plugins for argument in ("--plugins", folder)]
    providers = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--world", world, "--until-exit-of", process, *options],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert providers.stdout is not None  # noqa: S101 - PIPE above gives one
    print(providers.stdout.readline().strip())  # noqa: T201 - for the shell


if __name__ == "__main__":
    main()
