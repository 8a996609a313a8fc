"""Starts the simulated providers for a shell: `modelyard rehearse --shell` prints the line that calls this.

`python -m commands.rehearsal_shell [--faults FILE] WORLD [PLUGINS…] PID` prints the value of TF_REATTACH_PROVIDERS; the
providers end with the process PID, which is the shell. PLUGINS are folders of real plugins, which then check and plan;
FILE says what goes wrong on purpose.
"""

import argparse
import subprocess
import sys

from stacks.paths import ROOT


def main() -> None:
    """Starts the providers in a session of their own, so that Ctrl-C in the shell does not reach them."""
    parser = argparse.ArgumentParser(prog="python -m commands.rehearsal_shell")
    parser.add_argument("--faults", metavar="FILE")
    parser.add_argument("world", metavar="WORLD")
    parser.add_argument("plugins", metavar="PLUGINS", nargs="*")
    parser.add_argument("process", metavar="PID")
    arguments = parser.parse_args()
    options = [argument for folder in arguments.plugins for argument in ("--plugins", folder)]
    options += ["--faults", arguments.faults] if arguments.faults else []
    simulator = [sys.executable, "-m", "simulator", "--world", arguments.world]
    providers = subprocess.Popen(
        [*simulator, "--until-exit-of", arguments.process, *options],
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
