"""Says in one line each which tools are missing or too old: `python3 commands/prerequisites.py`.

Standard library only, and nothing newer than Python 3.6: it runs before anything is installed, with whatever there is.
"""

import re
import shutil
import subprocess
import sys

_PYTHON = (3, 11)
_NODE = (20, 0)
# Name, how it tells its version, the least version, where to get it.
_TOOLS = (
    ("node", ("node", "--version"), _NODE, "https://nodejs.org/en/download"),
    ("npm", ("npm", "--version"), (9, 0), "it comes with Node: https://nodejs.org/en/download"),
    ("terraform", ("terraform", "version"), (1, 7), "https://developer.hashicorp.com/terraform/install"),
)


def _needed(name: str, state: str, least: "tuple[int, int]", source: str) -> str:
    return "{} is {}, {}.{} or newer is needed: {}".format(name, state, least[0], least[1], source)


def missing_tools(node: "tuple[int, int]" = _NODE) -> "list[str]":
    """One line for each tool that is missing or too old; empty when all is well.

    Args:
        node: The least version of Node.
    """
    problems = []
    if sys.version_info[:2] < _PYTHON:
        state = "{}.{}".format(*sys.version_info[:2])
        source = "https://www.python.org/downloads, then: make PYTHON=/path/to/it"
        problems.append(_needed("python", state, _PYTHON, source))
    for name, command, usual, source in _TOOLS:
        least = node if name == "node" else usual
        if shutil.which(name) is None:
            problems.append(_needed(name, "missing", least, source))
            continue
        said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()
        found = re.search(r"(\d+)\.(\d+)", said)
        if found is None:
            problems.append(_needed(name, "of a version that it does not tell", least, source))
        elif (int(found.group(1)), int(found.group(2))) < least:
            problems.append(_needed(name, found.group(0), least, source))
    return problems


if __name__ == "__main__":
    lines = missing_tools()
    for line in lines:
        print("error: " + line, file=sys.stderr)
    sys.exit(1 if lines else 0)
