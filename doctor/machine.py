"""What this machine has: the programs that the commands call, room on the disk, and Terraform's own settings."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Final

from modelyard.errors import ConfigurationError

from doctor import prerequisites
from doctor.check import Check, Finding, fail, ok, warn
from images.builder import find_builder
from stacks.paths import ROOT
from terraform_cli.plugins import cli_configuration, named_folders, terraforms_folders

GROUP: Final = "this machine"
_GIGABYTE: Final = 10**9
# .venv, node_modules and jsii's cache take 4 GB; plugins half a GB for each stack, where no cache is named.
_GIGABYTES_TO_START: Final = 1
_GIGABYTES_TO_DEPLOY: Final = 8


def checks() -> Iterator[Check]:
    """Those of the programs and of the disk."""
    yield Check(
        name="python", group=GROUP, about="It is new enough; the version is that which runs the commands.", look=_python
    )
    for name, command, least, _ in prerequisites.TOOLS:
        yield Check(
            name=name,
            group=GROUP,
            about=f"It is there, {'.'.join(map(str, least))} or newer, and no release that is known not to work.",
            look=partial(_tool, name, command),
        )
    yield Check(
        name="image builder", group=GROUP, about="Docker with a daemon, or buildah, builds images.", look=_builder
    )
    yield Check(name="kubectl", group=GROUP, about="It is there: it tells which images nodes have.", look=_kubectl)
    yield Check(name="git", group=GROUP, about="It is there, and this is a checkout: previews compare two.", look=_git)
    yield Check(name="disk", group=GROUP, about="There is room for plugins, packages and images.", look=_disk)
    yield Check(
        name="terraform settings",
        group=GROUP,
        about="The file that TF_CLI_CONFIG_FILE names is there: else each call of Terraform warns.",
        look=_cli_configuration,
    )
    yield Check(
        name="plugin cache",
        group=GROUP,
        about="The plugin caches and mirrors that are named for Terraform are there.",
        look=_plugin_cache,
    )


def _python() -> Finding:
    problem = prerequisites.python_problem((sys.version_info[0], sys.version_info[1]))
    return _by(problem, f"{platform.python_version()}, {sys.prefix}")


def _tool(name: str, command: tuple[str, ...]) -> Finding:
    told = prerequisites.told_version(command)
    if problem := prerequisites.tool_problem(name, told):
        return _by(problem, "")
    where = shutil.which(name)
    if name == "terraform" and "OpenTofu" in _first_line(*command):
        return warn(
            f"{told}, OpenTofu under Terraform's name: {where}", "nothing here is tested with it: take Terraform"
        )
    return ok(f"{told}, {where}")


def _by(problem: str, found: str) -> Finding:
    what, _, mend = problem.partition(": ")
    return fail(what, mend) if problem else ok(found)


def _builder() -> Finding:
    try:
        builder = find_builder()
    except ConfigurationError as error:
        # A rehearsal and a preview do without.
        return warn(error.what, error.mend)
    return ok(_first_line(builder.program, "--version"))


def _kubectl() -> Finding:
    if not shutil.which("kubectl"):
        return warn(
            "missing: images on the nodes and what pods say are not told",
            "install it: https://kubernetes.io/docs/tasks/tools",
        )
    return ok(_first_line("kubectl", "version", "--client"))


def _git() -> Finding:
    if not shutil.which("git"):
        return warn("missing: `modelyard preview` cannot compare", "install it: https://git-scm.com/downloads")
    if not _first_line("git", "-C", str(ROOT), "rev-parse", "--show-toplevel"):
        return warn(
            f"{ROOT} is no checkout of git: `modelyard preview` cannot compare",
            "work in a clone; or, if it is somebody else's folder, see `git config safe.directory`",
        )
    return ok(_first_line("git", "--version"))


def _disk() -> Finding:
    gigabytes = shutil.disk_usage(ROOT).free / _GIGABYTE
    found = f"{gigabytes:.0f} GB free under {ROOT}"
    mend = (
        f"make room: a first deploy takes up to {_GIGABYTES_TO_DEPLOY} GB; `make clean` gives back what can be remade"
    )
    if gigabytes < _GIGABYTES_TO_START:
        return fail(found, mend)
    return warn(found, mend) if gigabytes < _GIGABYTES_TO_DEPLOY else ok(found)


def _cli_configuration() -> Finding:
    file = cli_configuration()
    if not file.is_file() and os.environ.get("TF_CLI_CONFIG_FILE"):
        return warn(
            f"TF_CLI_CONFIG_FILE names {file}, which is not there: calls of Terraform by hand warn",
            "unset TF_CLI_CONFIG_FILE, or write the file",
        )
    return ok(str(file) if file.is_file() else "none: Terraform's own defaults")


def _plugin_cache() -> Finding:
    missing = [str(folder) for folder in named_folders() if not folder.is_dir()]
    if missing:
        return warn(f"named, and not there: {', '.join(missing)}", f"mkdir -p {' '.join(missing)}")
    found = terraforms_folders()
    if not found:
        return ok("none is named: each stack downloads its plugins by itself")
    return ok(", ".join(map(str, found)))


def _first_line(*command: str) -> str:
    """Of what a program prints; empty where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip().partition("\n")[0] if done.returncode == 0 else ""
