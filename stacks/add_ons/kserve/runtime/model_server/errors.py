"""What is told to people in one line."""


class ModelError(Exception):
    """The folder holds no model that this program can serve."""


class RequestError(Exception):
    """A request that cannot be answered: status 400."""
