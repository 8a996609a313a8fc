"""The one error of this program."""


class IrisError(Exception):
    """Something a person must mend; printed as a single line, without a stack trace."""
