"""What a figure was measured on, and when."""

import datetime
import importlib.metadata
import json
import os
import platform
import re
import subprocess
from pathlib import Path

from modelyard.bindings import engine

import psutil


def machine() -> str:
    """A sentence: the day, the processor, memory, and the versions of what is measured."""
    day = datetime.datetime.now(datetime.UTC).date()
    memory = psutil.virtual_memory().total / 2**30
    packages = [f"{name} {importlib.metadata.version(name)}" for name in (engine().name, "jsii")]
    tools = [f"Python {platform.python_version()}", f"Node {_node()}", f"Terraform {_terraform()}", *packages]
    busy = os.getloadavg()[2]
    return (
        f"{day:%Y-%m-%d}: {processor()}, {memory:.0f} GiB, {platform.system()}; "
        f"{', '.join(tools)}. On average {busy:.1f} processes wanted to run in the last quarter "
        "of an hour, those of the measurement among them."
    )


def processor() -> str:
    """Its name, and the number of its cores that are there."""
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{found[1] if found else platform.machine()} with {os.cpu_count()} cores"


def _node() -> str:
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()[1:]


def _terraform() -> str:
    printed = subprocess.run(["terraform", "version", "-json"], capture_output=True, text=True, check=True).stdout
    return str(json.loads(printed)["terraform_version"])
