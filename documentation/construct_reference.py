"""docs/reference/constructs.md: what `from modelyard import …` gives, from signatures and docstrings."""

from collections.abc import Iterator

import griffe

from stacks.paths import ROOT

_HEAD = """\
# Constructs

What `from modelyard import …` gives to a `service.py`. Written by `make docs` from the signatures and docstrings in
`constructs/modelyard/`.
"""
_CELL = str.maketrans({"\n": " ", "|": r"\|"})


def construct_reference() -> str:
    """The page: constructs first, then what they take."""
    package = griffe.load(
        "modelyard", search_paths=[ROOT / "constructs"], docstring_parser="google", allow_inspection=False
    )
    members = [member for _, member in sorted(package.members.items())]
    exported = [
        each for each in members if isinstance(each, griffe.Alias) and each.target_path.startswith("modelyard.")
    ]
    objects = [each.final_target for each in exported]
    constructs = [each for each in objects if _is_construct(each)]
    others = [each for each in objects if each.docstring and each not in constructs]
    index = [f"- [`{each.name}`](#{each.name.lower()})" for each in (*constructs, *others)]
    parts = [_HEAD, "\n".join(index), "", *(_section(each) for each in (*constructs, *others))]
    return "\n".join(parts).rstrip() + "\n"


def _is_construct(found: griffe.Object) -> bool:
    return isinstance(found, griffe.Class) and any(str(base) == "Construct" for base in found.bases)


def _section(found: griffe.Object) -> str:
    where = found.relative_package_filepath.as_posix()
    lines = [f"## {found.name}", "", f"[{where}](../../constructs/{where})", ""]
    sections = found.docstring.parsed if found.docstring else []
    for section in sections:
        lines += [*_rendered(section, _defaults(found)), ""]
    if isinstance(found, griffe.Class):
        for name, method in found.functions.items():
            if not name.startswith("_") and method.docstring:
                lines += [*_method(method), ""]
    return "\n".join(lines)


def _defaults(found: griffe.Object) -> dict[str, str]:
    """By a parameter's or field's name, what it is when it is left out."""
    if isinstance(found, griffe.Class):
        if "dataclass" in found.labels:
            return {name: str(each.value) for name, each in found.attributes.items() if each.value is not None}
    elif not isinstance(found, griffe.Function):
        return {}
    return {each.name: str(each.default) for each in found.parameters if each.default is not None}


def _rendered(section: griffe.DocstringSection, defaults: dict[str, str]) -> Iterator[str]:
    match section:
        case griffe.DocstringSectionText():
            yield section.value
        case griffe.DocstringSectionParameters() | griffe.DocstringSectionAttributes():
            is_given = bool(defaults) or isinstance(section, griffe.DocstringSectionParameters)
            yield from (
                f"| {'argument' if is_given else 'attribute'} | type | default | what it is |",
                "|---|---|---|---|",
            )
            for each in section.value:
                default = f"`{defaults[each.name]}`".translate(_CELL) if each.name in defaults else ""
                type_ = f"`{each.annotation}`".translate(_CELL) if each.annotation else ""
                yield f"| `{each.name}` | {type_} | {default} | {each.description.translate(_CELL)} |"
        case griffe.DocstringSectionRaises():
            yield from (f"Raises `{each.annotation}`: {each.description}" for each in section.value)
        case griffe.DocstringSectionReturns():
            yield from (f"Returns: {each.description}" for each in section.value)


def _method(method: griffe.Function) -> Iterator[str]:
    parameters = [each for each in method.parameters if each.name not in ("self", "cls")]
    shown = ", ".join(_parameter(each) for each in parameters)
    yield f"### `{method.parent.name if method.parent else ''}.{method.name}({shown})`"
    yield ""
    for section in method.docstring.parsed if method.docstring else []:
        yield from _rendered(section, _defaults(method))
        yield ""


def _parameter(parameter: griffe.Parameter) -> str:
    stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
    name = f"{stars.get(parameter.kind, '') if parameter.kind else ''}{parameter.name}"
    return f"{name}: {parameter.annotation}" if parameter.annotation else name
