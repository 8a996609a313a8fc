"""What a check is given, and what it answers."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from policies.documents import Document, documents_of
from policies.findings import Severity
from policies.plan import Resource
from stacks.settings import Settings


@dataclass(frozen=True)
class Stack:
    """A planned stack: all that a check may look at, for each must work when only one stack is planned.

    Attributes:
        resources: What is there after an apply.
        settings: Of its environment.
    """

    resources: list[Resource]
    settings: Settings

    @functools.cached_property
    def documents(self) -> list[Document]:
        """The Kubernetes objects, and the values of charts."""
        return [document for resource in self.resources for document in documents_of(resource)]

    @functools.cached_property
    def _by_kind(self) -> dict[str, list[Document]]:
        found: dict[str, list[Document]] = {}
        for document in self.documents:
            found.setdefault(document.kind, []).append(document)
        return found

    def objects(self, *kinds: str) -> list[Document]:
        """The objects of some kinds."""
        return [each for kind in kinds for each in self._by_kind.get(kind, [])]

    def of_types(self, *types: str) -> list[Resource]:
        """The resources of some types."""
        return [each for each in self.resources if each.type in types]


#: What was looked at, and what is wrong with it; None if nothing is.
Outcome = tuple[Resource | Document, str | None]


@dataclass(frozen=True)
class Check:
    """An own check.

    Attributes:
        id: `MDY_` and a number, which no other check ever had.
        severity: Whether what it finds fails.
        name: What it asks for.
        judge: Looks at a stack.
    """

    id: str
    severity: Severity
    name: str
    judge: Callable[[Stack], Iterator[Outcome]]
