"""What Helm releases of a stack's configuration bring."""

import json
import re
from typing import Any

Manifest = dict[str, Any]


def manifests(stack: dict[str, Any], release: str) -> dict[str, Manifest]:
    """Those of a release of `Manifests`, by their kinds; tokens in them stand for themselves."""
    (found,) = [each for each in stack["resource"]["helm_release"].values() if each["name"] == release]
    texts = [text for values in found["values"] for text in json.loads(plain(values))["manifests"].values()]
    return {each["kind"]: each for each in map(json.loads, texts)}


def plain(values: str) -> str:
    """A release's values, without what keeps Terraform from taking braces for templates, and a word for each token."""
    return re.sub(r"\$\{trim.*?\)\}", "token", values.replace('${"$"}', "$").replace('${"%"}', "%"))
