"""Whether services answer where people ask them."""

import json
from collections.abc import Callable, Mapping

from modelyard.errors import ConfigurationError

import requests

from estate.synthesis import Synthesis
from suspension.insist import Deadline
from terraform_cli.call import terraform

_ANSWER_SECONDS = 5
# A load balancer or gateway that has nobody behind it says so with one of the fives.
_OWN_FAULT = 500


def addresses(synthesis: Synthesis) -> dict[str, str]:
    """Where each service answers, by its stack; those that are not deployed, or answer nobody, are left out.

    Raises:
        TerraformError: A state cannot be read.
    """
    found = {}
    for stack in synthesis.estate.values():
        if "url" not in stack.configuration.get("output", {}):
            continue
        terraform(stack.folder, synthesis.variables, "init", "-input=false")
        outputs = json.loads(terraform(stack.folder, synthesis.variables, "output", "-json"))
        if "url" in outputs:
            found[stack.id] = str(outputs["url"]["value"])
    return found


def wait_for_answers(urls: Mapping[str, str], tell: Callable[[str], None], deadline: Deadline) -> None:
    """Asks each address until something behind it answers; what that says does not matter.

    Raises:
        ConfigurationError: One has not answered at the deadline.
    """
    left = dict(urls)
    while True:
        for stack, url in list(left.items()):
            if _answers(url):
                tell(f"{stack} answers at {url}")
                del left[stack]
        if not left:
            return
        if not deadline.left:
            raise ConfigurationError(
                f"no answer in time from {', '.join(f'{stack} at {url}' for stack, url in left.items())}",
                mend="see whether this machine is in source_ranges, and what the pods say (kubectl get pods)",
            )
        deadline.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=_ANSWER_SECONDS, allow_redirects=False).status_code < _OWN_FAULT
    except requests.RequestException:
        return False
