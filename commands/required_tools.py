"""What a command needs before it begins."""

from modelyard.errors import ConfigurationError

from doctor.prerequisites import missing_tools


def refuse_missing_tools() -> None:
    """Raises ConfigurationError, with each tool that is missing or too old."""
    if problems := missing_tools():
        raise ConfigurationError("; ".join(problems), mend="install what is missing")
