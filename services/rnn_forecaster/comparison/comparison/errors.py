"""What ends the program, in words for a person."""


class ComparisonError(Exception):
    """Another try can't mend it: the message says what to change."""

    exit_code = 2


class UnavailableError(ComparisonError):
    """Another try may mend it: a side or the store is down, slow, or just being replaced."""

    exit_code = 1
