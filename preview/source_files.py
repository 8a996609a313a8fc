"""Where the code of a stack begins."""

from pathlib import Path


def source_file(stack_id: str, sources: Path, cloud: str) -> str:
    """The file that declares a stack: of its service, its add-on, or its part of the cloud; empty if there is none.

    Args:
        stack_id: `ENV-PART`; environments and parts may both have hyphens in their names.
        sources: The repo's files.
        cloud: The key `cloud` of the environment.
    """
    words = stack_id.split("-")
    parts = ["_".join(words[begin:]) for begin in range(1, len(words))]
    places = ["services/{}/service.py", "stacks/add_ons/{}/stack.py", "stacks/add_ons/{}.py", f"stacks/{cloud}/{{}}.py"]
    candidates = [place.format(part) for part in parts for place in places]
    return next((each for each in candidates if (sources / each).is_file()), "")
