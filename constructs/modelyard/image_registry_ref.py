"""The way to an environment's image registry."""

from abc import ABC, abstractmethod


class ImageRegistryRef(ABC):
    """Names only, so that no state is read across stacks."""

    @abstractmethod
    def repository(self, image: str) -> str:
        """Where the image of this name is pushed and pulled, without tag."""
