"""Calls that cost less than stock's: the same values are accepted, and what is sent to Node means the same."""

import json
import subprocess
import tarfile
from pathlib import Path

from modelyard.bindings import engine

import pytest

from tests.python_process import node_part, run, slow_start_reasons

ROOT = Path(__file__).resolve().parent.parent

# Every type that a parameter of four modules has, with right values and many wrong ones.
ALL_CHECKS = """
import enum, json, modelyard, sys, typing, cdktf, typeguard
from cdktf_cdktf_provider_google import container_cluster
from cdktf_cdktf_provider_kubernetes import deployment_v1, namespace_v1
class Derived(namespace_v1.NamespaceV1Metadata): pass
class Text(str): pass
class Texts(list): pass
app = cdktf.App()
VALUES = [
    None, True, 1, 1.5, "", "text", b"bytes", Text("text"), object(), int, print, app, cdktf.TerraformStack(app, "s"),
    namespace_v1.NamespaceV1Metadata(name="n"), Derived(), cdktf.Token.as_any({"a": "b"}), cdktf.S3BackendConfig,
    cdktf.AnnotationMetadataEntryType.INFO, [], ["text"], ["text", 1], [None], [True, 2], [["text"]], [{}], Texts([1]),
    (), ("text",), {"text"}, {}, {"a": "b"}, {"a": 1}, {"a": None}, {1: "b"}, {Text("a"): "b"}, {"a": ["b"]},
]
VALUES += [[namespace_v1.NamespaceV1Metadata(name="n")], [app, 1], range(3), iter([]), Ellipsis]
VALUES += [[cdktf.TerraformStack(app, "t")], [namespace_v1.NamespaceV1(VALUES[12], "n", metadata=Derived()), 1]]
def refusal(check, value, hint):
    try:
        check(argname="argument x", value=value, expected_type=hint)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
hints = {}
for module in (cdktf, container_cluster, deployment_v1, namespace_v1):
    names = vars(module._private)
    stubs = [stub for name, stub in names.items() if name.startswith("_typecheckingstub__")]
    hints |= {str(hint): hint for stub in stubs for hint in typing.get_type_hints(stub).values()}
refusals = [
    (refusal(names["check_type"], value, hint), refusal(typeguard.check_type, value, hint), repr(value), name)
    for name, hint in hints.items() for value in VALUES
]
print(json.dumps({
    "types": len(hints),
    "replaced": names["check_type"].__module__,
    "refused": len([stock for _, stock, *_ in refusals if stock]),
    "different": [each for each in refusals if each[0] != each[1]][:5],
}))
"""


@pytest.mark.slow
def test_every_check_accepts_and_refuses_what_typeguard_does() -> None:
    seen = json.loads(run(ALL_CHECKS).stdout)

    assert seen["different"] == []
    assert seen["replaced"] == "modelyard.fast_start.type_checks"
    assert seen["types"] > 300
    assert seen["refused"] > 10_000


def test_typeguard_is_imported_for_the_first_value_that_it_has_to_judge() -> None:
    program = """
import json, sys, modelyard
from cdktf import App, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata
stack = TerraformStack(App(), "stack")
first = NamespaceV1(stack, "first", metadata=NamespaceV1Metadata(name="n", labels={"a": "b"}))
NamespaceV1(stack, "second", metadata={"name": "n"}, depends_on=[first])
def loaded():
    return [name for name in ("unittest.mock", "asyncio") if name in sys.modules]
before = loaded()
try:
    TerraformOutput(stack, "output", value="v", sensitive="yes")
except TypeError as error:
    refused = str(error)
import typeguard, typeguard.importhook
print(json.dumps([before, refused, loaded(), type(typeguard).__name__, typeguard.importhook.__name__]))
"""
    before, refused, *after = json.loads(run(program).stdout)

    assert before == []
    assert "argument sensitive" in refused
    assert after == [["unittest.mock", "asyncio"], "module", "typeguard.importhook"]


def test_a_struct_of_unknown_layout_is_read_as_stock_does() -> None:
    program = """
import functools, modelyard
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata
made = NamespaceV1Metadata.__init__
NamespaceV1Metadata.__init__ = lambda self, **given: made(self, **given)
class Derived(NamespaceV1Metadata):
    name = property(lambda self: "derived")
stack = TerraformStack(App(), "stack")
for number, metadata in enumerate([NamespaceV1Metadata(name="n"), Derived(name="n")]):
    print(NamespaceV1(stack, f"namespace-{number}", metadata=metadata).metadata_input.name)
"""
    done = run(program)

    assert done.stdout.split() == ["n", "derived"]
    assert slow_start_reasons(done.stderr) == [
        f"{engine().module('cdktf_cdktf_provider_kubernetes')}.namespace_v1 does not keep a struct's fields in _values"
    ]


def test_the_shortcuts_apply_to_the_installed_engine_and_resolve_what_it_resolves(tmp_path: Path) -> None:
    preload = ROOT / "constructs" / "modelyard" / "fast_start" / "preload.js"
    name = engine().name
    for package in (name, "constructs"):
        unpack(package, tmp_path / "node_modules")
    program = (
        f"const engine = './node_modules/{name}';"
        """
const { resolve } = require(`${engine}/lib/tokens/private/resolve.js`);
const { Token, DefaultTokenResolver, StringConcat, Lazy } = require(engine);
const text = Lazy.stringValue({ produce: () => 'text' }), number = Lazy.numberValue({ produce: () => 7 });
const options = { scope: null, preparing: false, resolver: new DefaultTokenResolver(new StringConcat()) };
const attempt = (value) => { try { return resolve(value, options); } catch (error) { return error.message; } };
const values = [
  'plain', '', 'a ${text} }', `${text}`, `a ${text} b ${number}`, `${number}`, '1e5', 'e', '-e-', '${TfToken[a}', text,
  number, { a: undefined, b: null, c: [undefined, 1] }, { [`k ${text}`]: number, k: { [`${number}`]: undefined } },
  { [Token.STRING_MAP_TOKEN_VALUE]: 1 }, Token.ANY_MAP_TOKEN_VALUE,
  Token.asList(Lazy.listValue({ produce: () => ['x'] })),
  Token.asStringMap(Lazy.anyValue({ produce: () => ({ m: text }) })),
  [`${Token.asList({ a: 1 })}`], { f: print => 1 },
];
console.log(JSON.stringify({ shortcuts: String(resolve).split('isPlain').length - 1, seen: values.map(attempt) }));
"""
    )

    def seen(*flags: str) -> dict[str, object]:
        command = ["node", "--expose-gc", *flags, "-e", program]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        found: dict[str, object] = json.loads(done.stdout)
        return found

    ours, stocks = seen("--require", str(preload)), seen()

    assert (ours["shortcuts"], stocks["shortcuts"]) == (3, 0)
    assert ours["seen"] == stocks["seen"]


def unpack(package: str, folder: Path) -> None:
    """The Node part of an installed Python package."""
    with tarfile.open(node_part(package)) as archive:
        archive.extractall(folder, filter="data")
    (folder / "package").rename(folder / package)
