"""The one error of the export: printed as a single line, without a stack trace."""


class ExportError(Exception):
    """The weights can't be had or can't become a model; the message says which value was found and which is wanted."""
