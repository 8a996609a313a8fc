"""Says in one line each which tools are missing, too old or broken: `python3 doctor/prerequisites.py`.

Standard library only, and nothing newer than Python 3.6: it runs before anything is installed, with whatever there is.
The versions that are needed stand here and nowhere else; `modelyard doctor` tells by them, too.
"""

import re
import shutil
import subprocess
import sys

#: The least version of Python, and where to get a newer one.
PYTHON = (3, 11)
_PYTHON_SOURCE = "https://www.python.org/downloads, then: make PYTHON=/path/to/it"
#: Name, how it tells its version, the least version, where to get it.
TOOLS = (
    ("node", ("node", "--version"), (20, 0), "https://nodejs.org/en/download"),
    ("npm", ("npm", "--version"), (9, 0), "it comes with Node: https://nodejs.org/en/download"),
    ("terraform", ("terraform", "version"), (1, 7), "https://developer.hashicorp.com/terraform/install"),
)
#: Releases that are new enough and do not work all the same: name and version, and why.
BROKEN = {
    ("node", "22.5.0"): "npm ends half-way under it (https://github.com/nodejs/node/issues/53902)",
}


def _needed(name: str, state: str, least: "tuple[int, int]", source: str) -> str:
    return "{} is {}, {}.{} or newer is needed: {}".format(name, state, least[0], least[1], source)


def python_problem(version: "tuple[int, int]") -> str:
    """What is wrong with a Python of this version; empty when all is well."""
    return _needed("python", "{}.{}".format(*version), PYTHON, _PYTHON_SOURCE) if version < PYTHON else ""


def told_version(command: "tuple[str, ...]") -> str:
    """The first version in what a command prints; empty when there is none, or no such program."""
    if shutil.which(command[0]) is None:
        return ""
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()
    found = re.search(r"\d+\.\d+(\.\d+)?", said)
    return found.group(0) if found else ""


def tool_problem(name: str, told: str, least: "tuple[int, int]" = (0, 0)) -> str:
    """What is wrong with one of the tools, by the version that it tells; empty when all is well.

    Args:
        name: The tool.
        told: Its version; empty when it tells none.
        least: A newer one than all need.
    """
    usual, source = next((each[2], each[3]) for each in TOOLS if each[0] == name)
    least = max(usual, least)
    if not told:
        state = "missing" if shutil.which(name) is None else "of a version that it does not tell"
        return _needed(name, state, least, source)
    if (name, told) in BROKEN:
        return "{} {} does not work: {}; take another one: {}".format(name, told, BROKEN[name, told], source)
    numbers = tuple(int(each) for each in told.split(".")[:2])
    return _needed(name, ".".join(told.split(".")[:2]), least, source) if numbers < least else ""


def missing_tools(node: "tuple[int, int]" = (0, 0)) -> "list[str]":
    """One line for each tool that is missing, too old or broken; empty when all is well.

    Args:
        node: The least version of Node, where that is more than all need.
    """
    problems = [python_problem(sys.version_info[:2])]
    for name, command, _, _ in TOOLS:
        problems.append(tool_problem(name, told_version(command), node if name == "node" else (0, 0)))
    return [each for each in problems if each]


if __name__ == "__main__":
    lines = missing_tools()
    for line in lines:
        print("error: " + line, file=sys.stderr)
    sys.exit(1 if lines else 0)
