"""The part of a document that a command writes, between two marks."""


def with_part(text: str, *, begin: str, end: str, part: str) -> str:
    """The document with another part; the marks stay.

    Args:
        text: The document.
        begin: The mark before the part, a comment on a line of its own.
        end: The mark after it.
        part: What stands there from now on.

    Raises:
        ValueError: The document lacks a mark.
    """
    head, found_begin, rest = text.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"the document lacks {end if found_begin else begin}")
    return f"{head}{begin}\n{part}\n{end}{tail}"
