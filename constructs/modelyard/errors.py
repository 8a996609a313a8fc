"""The one error that a person meets before Terraform runs."""


class ConfigurationError(Exception):
    """A setting or a declaration that cannot be deployed.

    Args:
        what: What is wrong, with the value given.
        mend: What to write instead, as an instruction.
        where: File and key, for example `environments/gke-dev.toml: cluster.node_pool.max_nodes`.
    """

    def __init__(self, what: str, *, mend: str, where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.where = where

    def within(self, where: str) -> "ConfigurationError":
        """The same error, found in `where` (a file), for callers that know more than the one that raised it."""
        inner = f"{where}: {self.where}" if self.where else where
        return ConfigurationError(self.what, mend=self.mend, where=inner)

    def __str__(self) -> str:
        """Place, what and mend, a line each."""
        place = f"{self.where}\n  " if self.where else ""
        return f"{place}{self.what}\n  mend: {self.mend}"

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows: the message, as on a command line, and no stack trace."""
        return [f"error: {self}"]
