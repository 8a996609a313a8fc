"""Runs the jobs of a workflow here: their shell steps as they stand, in bash as GitHub starts it.

Actions of the repo run step by step too. Those of others do not: a test gives a stand-in or finds them recorded.
"""

import functools
import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from stacks.paths import ROOT
from tests.workflows.expressions import Functions, evaluate

WORKFLOWS = ROOT / ".github" / "workflows"
ACTIONS = ROOT / ".github" / "actions"
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_SHELLS = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"], None: ["bash", "-e"]}
_FILES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
Action = Callable[[Mapping[str, str]], Mapping[str, str]]


@dataclass(frozen=True)
class Step:
    """One that ran: its name or action, what it printed, whether it succeeded."""

    name: str
    output: str = ""
    with_: Mapping[str, str] = field(default_factory=dict)
    succeeded: bool = True


@dataclass(frozen=True)
class Job:
    """One that ran, with the outputs that other jobs see."""

    steps: list[Step]
    outputs: Mapping[str, str]
    summary: str

    @property
    def succeeded(self) -> bool:
        return all(step.succeeded for step in self.steps)

    @property
    def output(self) -> str:
        return "".join(step.output for step in self.steps)

    @property
    def names(self) -> list[str]:
        return [step.name for step in self.steps]


@functools.cache
def load(path: Path) -> dict[str, Any]:
    """A workflow's or an action's document; `on` is not taken for YAML's true."""
    document: dict[Any, Any] = yaml.load(path.read_text(), yaml.CSafeLoader)
    return {"on" if key is True else key: value for key, value in document.items()}


class Runner:
    """A machine with a checkout.

    Args:
        checkout: Where steps run.
        temporary: GitHub's RUNNER_TEMP.
        environment: Variables of every step, among them PATH.
        actions: What stands in for actions, by their name without version: gets inputs, gives outputs.
    """

    def __init__(
        self,
        checkout: Path,
        temporary: Path,
        environment: Mapping[str, str],
        actions: Mapping[str, Action] | None = None,
    ) -> None:
        self._checkout = checkout
        self._temporary = temporary
        self._environment = environment
        self._actions = actions or {}

    def run(self, workflow: str, job: str, **contexts: object) -> Job | None:
        """Runs a job with contexts such as `github`, `inputs`, `vars`, `needs`; None where its `if` says no."""
        document = load(WORKFLOWS / f"{workflow}.yml")
        description = document["jobs"][job]
        return _Run(self, contexts, document).job(description)

    def shell(self, script: str, shell: str | None, variables: Mapping[str, str]) -> "_Shell":
        """Runs a script; gives what it printed, whether it succeeded and what it wrote into GitHub's files."""
        files = {name: self._temporary / f"_{name.lower()}" for name in _FILES}
        for file in files.values():
            file.write_text("")
        program = self._temporary / "_step.sh"
        program.write_text(script)
        done = subprocess.run(
            [*_SHELLS[shell], str(program)],
            cwd=self._checkout,
            env={**self._environment, "RUNNER_TEMP": str(self._temporary), **variables, **_texts(files)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return _Shell(done.stdout, done.returncode == 0, *(file.read_text() for file in files.values()))

    def has(self, name: str) -> bool:
        """Whether something stands in for an action."""
        return name in self._actions

    def action(self, name: str, inputs: Mapping[str, str]) -> Mapping[str, str]:
        """The outputs of somebody else's action."""
        return self._actions[name](inputs) if name in self._actions else {}


@dataclass(frozen=True)
class _Shell:
    printed: str
    succeeded: bool
    environment: str
    output: str
    summary: str


class _Run:
    def __init__(self, runner: Runner, contexts: Mapping[str, Any], document: Mapping[str, Any]) -> None:
        self._runner = runner
        self._contexts = {"runner": {"temp": str(runner._temporary), "os": "Linux", "arch": "X64"}, **contexts}
        self._shell = document.get("defaults", {}).get("run", {}).get("shell")
        self._env = dict(document.get("env", {}))
        self._ran: list[Step] = []
        self._summary = ""

    def job(self, description: Mapping[str, Any]) -> Job | None:
        if "if" in description and not self._condition(description["if"], {}):
            return None
        self._env |= description.get("env", {})
        steps = self._steps(description["steps"], self._shell)
        outputs = {name: self._text(value, steps) for name, value in description.get("outputs", {}).items()}
        return Job(self._ran, outputs, self._summary)

    def _steps(self, steps: list[dict[str, Any]], shell: str | None, **local: object) -> dict[str, Any]:
        contexts: dict[str, Any] = {"steps": {}, **local}
        for step in steps:
            if self._condition(str(step.get("if", "success()")), contexts):
                outputs = self._run(step, shell, contexts) if "run" in step else self._use(step, contexts)
                contexts["steps"][step.get("id", "")] = {"outputs": outputs}
        return contexts

    def _run(self, step: dict[str, Any], shell: str | None, contexts: dict[str, Any]) -> dict[str, str]:
        variables = {name: self._text(value, contexts) for name, value in {**self._env, **step.get("env", {})}.items()}
        done = self._runner.shell(self._text(step["run"], contexts), step.get("shell", shell), variables)
        self._ran.append(Step(step.get("name", step["run"]), done.printed, succeeded=done.succeeded))
        self._env |= _pairs(done.environment)
        self._summary += done.summary
        return _pairs(done.output)

    def _use(self, step: dict[str, Any], contexts: dict[str, Any]) -> Mapping[str, str]:
        given = {name: self._text(value, contexts) for name, value in step.get("with", {}).items()}
        name = step["uses"].partition("@")[0]
        if self._runner.has(name) or not name.startswith("./"):
            self._ran.append(Step(name, with_=given))
            return self._runner.action(name, given)
        action = load(ROOT / name / "action.yml")
        inputs = {name: str(each.get("default", "")) for name, each in action.get("inputs", {}).items()} | given
        inner = self._steps(action["runs"]["steps"], None, inputs=inputs)
        return {name: self._text(each["value"], inner) for name, each in action.get("outputs", {}).items()}

    def _condition(self, expression: str, local: Mapping[str, object]) -> bool:
        text = found[1] if (found := _EXPRESSION.fullmatch(expression.strip())) else expression
        if not re.search(r"\b(success|failure|cancelled|always)\(\)", text):
            text = f"success() && ({text})"
        return bool(self._value(text, local))

    def _text(self, value: object, local: Mapping[str, object]) -> str:
        return _EXPRESSION.sub(lambda found: _shown(self._value(found[1], local)), _shown(value))

    def _value(self, expression: str, local: Mapping[str, object]) -> object:
        functions: Functions = {
            "success": lambda: all(step.succeeded for step in self._ran),
            "failure": lambda: not all(step.succeeded for step in self._ran),
            "cancelled": lambda: False,
            "always": lambda: True,
            "contains": lambda whole, part: part in whole,
            "fromJSON": json.loads,
        }
        return evaluate(expression, {"env": self._env, **self._contexts, **local}, functions)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts(paths: Mapping[str, Path]) -> dict[str, str]:
    return {name: str(path) for name, path in paths.items()}


def _pairs(lines: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in lines.splitlines())


def bare_path(folder: Path, programs: Mapping[str, str]) -> str:
    """A PATH whose first folder has these programs, by their scripts."""
    folder.mkdir(exist_ok=True)
    for name, script in programs.items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
