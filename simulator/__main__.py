"""`python -m simulator --world DIR` serves the simulated providers until it is stopped."""

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

from modelyard.errors import ConfigurationError

from simulator.azurerm import AzurermProvider
from simulator.faults import load
from simulator.forwarding import Forwarding
from simulator.google import GoogleProvider
from simulator.helm import HelmProvider
from simulator.injection import FaultInjection
from simulator.kubernetes import KubernetesProvider
from simulator.plugin_binaries import forwarded_plugins
from simulator.server import Server
from simulator.world import World


def main() -> None:
    """Prints the line for TF_REATTACH_PROVIDERS, then serves until a signal or the end of standard input."""
    parser = argparse.ArgumentParser(prog="simulator", description="Serves simulated Terraform providers.")
    parser.add_argument("--world", type=Path, required=True, help="folder that holds what exists")
    parser.add_argument(
        "--plugins",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="the real plugins found here, laid out as in .terraform/providers, check and plan; may be repeated",
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="what goes wrong on purpose (docs/faults.md)")
    parser.add_argument(
        "--types",
        type=lambda names: frozenset(names.split(",")),
        default=frozenset(),
        metavar="TYPE,…",
        help="offer only these, so that Terraform starts in half the time",
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end together with the parent process")
    parser.add_argument("--until-exit-of", type=int, metavar="PID", help="end together with that process")
    arguments = parser.parse_args()

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    if arguments.until_stdin_closes:
        threading.Thread(target=_wait_for_end_of_stdin, args=[stopped], daemon=True).start()
    if arguments.until_exit_of:
        threading.Thread(target=_wait_for_exit, args=[arguments.until_exit_of, stopped], daemon=True).start()
    world = World(arguments.world)
    forwardings = {name: Forwarding(name, binary) for name, binary in forwarded_plugins(arguments.plugins).items()}
    providers = [GoogleProvider(world), AzurermProvider(world), KubernetesProvider(world), HelmProvider(world)]
    faults = None
    if arguments.faults:
        # Whoever is to be killed descends from the shell of a rehearsal by hand, or from what started this process.
        faults = FaultInjection(load(arguments.faults), world, arguments.until_exit_of or os.getppid())
    server = Server(providers, forwardings, faults, arguments.types)
    print(server.reattach(), flush=True)  # noqa: T201 - the answer to who started this process
    stopped.wait()
    server.stop()


def _wait_for_end_of_stdin(stopped: threading.Event) -> None:
    sys.stdin.read()
    stopped.set()


def _wait_for_exit(process: int, stopped: threading.Event) -> None:
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(process, 0)
            time.sleep(1)
    stopped.set()


if __name__ == "__main__":
    try:
        main()
    except ConfigurationError as error:
        sys.exit(f"error: {error}")
