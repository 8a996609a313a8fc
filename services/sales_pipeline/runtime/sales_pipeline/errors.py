"""The one error of this program."""


class PipelineError(Exception):
    """Something a person must mend; printed as a single line, without a stack trace."""
