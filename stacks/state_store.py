"""Where an environment's Terraform states are kept."""

from abc import ABC, abstractmethod

from cdktf import LocalBackend, TerraformStack

from stacks.settings import StateSettings


class StateStore(ABC):
    """The way from every stack to the store; names only.

    Attributes:
        backend: Terraform's word for its kind, for example `gcs`.
    """

    backend: str

    @abstractmethod
    def arguments(self, stack_id: str) -> dict[str, str | bool]:
        """Terraform's arguments of that backend for one stack."""

    @abstractmethod
    def url(self, stack_id: str) -> str:
        """Where a person finds the stack's state."""

    @abstractmethod
    def keep(self, stack: TerraformStack) -> None:
        """Keeps the stack's state in the store, apart from all others."""

    def keep_own(self, stack: TerraformStack, settings: StateSettings) -> None:
        """Keeps the state of the stack that makes the store.

        It starts in a local file, since there is no store yet, and moves into the store with
        `modelyard state move ENV --to remote`, which records that as `state.own_state = "remote"`.
        """
        if settings.own_state == "remote":
            self.keep(stack)
        else:
            # Seen from the stack's folder cdktf.out/stacks/<id>, which may be deleted at any time: the repo's root.
            LocalBackend(stack, path=f"../../../terraform.{stack.node.id}.tfstate")
