"""The fast start in real processes: the same modules, types and output as stock, and stock where it does not apply."""

import compileall
import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from modelyard.bindings import engine
from modelyard.fast_start.node_process import start_node

import pytest

from tests.python_process import node_part, run, slow_start_reasons

# Real Terraform, or Node, again and again.
pytestmark = pytest.mark.slow

# What the engine calls what programs know by CDKTF's names.
PREFIX = engine().provider_prefix
PROVIDERS = ("azurerm", "google", "helm", "kubernetes")

# What a program can see of a provider's package, and the output of a small app. Written for both ways to run.
HELM_APP = """
import importlib, json, re, sys, typing, modelyard, cdktf_cdktf_provider_helm as helm
def failure(statement):
    try:
        exec(statement, globals())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
names = dir(helm)
all_loaded = f"{helm.__name__}.data_helm_template" in sys.modules
import cdktf
from cdktf import App, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_helm.provider import HelmProvider, HelmProviderKubernetes
from cdktf_cdktf_provider_helm.release import Release, ReleaseSet
import jsii
@jsii.implements(cdktf.IAnyProducer)
class Producer:
    def produce(self, context):
        return 1
app = App(outdir=sys.argv[1])
stack = TerraformStack(app, "stack")
HelmProvider(stack, "helm")
Release(stack, "release", name="r", chart="c", set=[ReleaseSet(name="a", value="b")])
TerraformOutput(stack, "structs", value=[HelmProviderKubernetes(), HelmProviderKubernetes(host="h", insecure=True)])
app.synth()
starred = {}
exec("from cdktf_cdktf_provider_helm import *", starred)
print(json.dumps({
    "all_loaded": all_loaded,
    "seen": {
        "dir": names,
        "star": sorted(set(starred) - {"__builtins__"}),
        "special": [helm.__name__, helm.__file__, helm.__doc__, list(helm.__path__), helm.__all__, helm.__spec__.name],
        "attribute": helm.release is sys.modules[f"{helm.__name__}.release"],
        "class": helm.data_helm_template.DataHelmTemplate.__qualname__,
        "reloaded": importlib.reload(helm).release is helm.release,
        "errors": [failure(line) for line in (
            "helm.relase", "from cdktf_cdktf_provider_helm import relase", "import cdktf_cdktf_provider_helm.relase",
            "ReleaseSet(name=1, value='b')", "ReleaseSet(name='a')", "ReleaseSet(name='a', value=None)",
            "Release(stack, 'a', name='r', chart='c', set=[ReleaseSet(name='a', value='b'), 3])",
            "Release(stack, 'b', name='r', chart='c', set=[{'name': 'a'}])",
            "Release(stack, 'c', name='r', chart='c', timeout='1', wait=1)",
            "Release(stack, 'd', name='r', chart='c', values={'a': 'b'}, depends_on=[1])",
            "Release('stack', 'e', name='r', chart='c')", "HelmProvider(stack, 'f', kubernetes=HelmProvider)",
            "TerraformOutput(stack, 'g', value=None)", "TerraformOutput(stack, 'h', value=print)",
            "Release(stack, 'release', name='r', chart='c')", "stack.get_logical_id('i')",
        )],
        "hints": str(typing.get_type_hints(Release.__init__)),
        # Without folders, which differ from run to run, and without the two frames of Node's own at the end.
        "made at": [re.sub("[^ (]*/", "", line) for line in cdktf.Lazy.any_value(Producer()).creation_stack[:-2]],
    },
}))
"""


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_package_looks_like_stocks_and_the_output_is_stocks_to_the_byte(tmp_path: Path) -> None:
    fast = run(HELM_APP, str(tmp_path / "fast"))
    stock = run(HELM_APP, str(tmp_path / "stock"), MODELYARD_STOCK_IMPORTS="1")

    assert slow_start_reasons(fast.stderr) == slow_start_reasons(stock.stderr) == []
    assert not json.loads(fast.stdout)["all_loaded"]
    assert json.loads(stock.stdout)["all_loaded"]
    assert json.loads(fast.stdout)["seen"] == json.loads(stock.stdout)["seen"]
    assert json.loads(fast.stdout)["seen"]["made at"][-1].startswith("KernelHost.run (program.js:")
    assert len(files(tmp_path / "fast")) == 2
    assert files(tmp_path / "fast") == files(tmp_path / "stock")


def test_jsii_finds_the_python_module_of_every_submodule() -> None:
    imports = ", ".join(f"cdktf_cdktf_provider_{name}" for name in PROVIDERS)
    program = f"import json, modelyard, {imports}, jsii; print(json.dumps(jsii._reference_map._submodule_fqn_map))"

    found = json.loads(run(program).stdout)

    assert {fqn: found.get(fqn) for fqn in declared_submodules()} == declared_submodules()


def declared_submodules() -> Mapping[str, str]:
    """The jsii submodule that the first class of each Python module says it belongs to."""
    declared = {}
    for provider in PROVIDERS:
        spec = find_spec(f"{PREFIX}{provider}")
        assert spec
        assert spec.origin
        for module in Path(spec.origin).parent.glob("[a-z]*/__init__.py"):
            with module.open() as source:
                fqn = re.search(r'jsii_type="(.+)\.\w+"', source.read(50_000))
            assert fqn, module
            declared[fqn[1]] = f"{spec.name}.{module.parent.name}"
    assert len(declared) > 3000
    return declared


def run_and_see_nodes_modules(program: str, folder: Path) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Runs a Python program; gives the files that its Node had loaded in the end, too."""
    report = folder / "node modules.json"
    (folder / "report.js").write_text(
        "process.on('exit', () => require('fs').writeFileSync(process.env.REPORT,"
        " JSON.stringify(Object.keys(require('module')._cache))))"
    )
    done = run(program, NODE_OPTIONS=f"--require {folder}/report.js", REPORT=str(report))
    return done, json.loads(report.read_text())


def test_only_what_is_used_is_loaded_and_the_environment_stays_as_it_was(tmp_path: Path) -> None:
    program = """
import json, modelyard, os, sys
before = dict(os.environ)
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
NamespaceV1(TerraformStack(App(), "stack"), "namespace", metadata={"name": "n"})
print(json.dumps({"changed": before != os.environ, "modules": list(sys.modules)}))
"""
    done, loaded = run_and_see_nodes_modules(program, tmp_path)
    python = json.loads(done.stdout)

    assert not python["changed"]
    assert [name for name in python["modules"] if re.fullmatch(rf"{PREFIX}\w+(\.[a-z]\w+)?", name)] == [
        f"{PREFIX}kubernetes",
        f"{PREFIX}kubernetes.namespace_v1",
    ]
    own = f"@{engine().name}/provider-"
    parts = {re.sub(r".*/lib/([^/]+).*", r"\1", path) for path in loaded if own in path}
    assert parts == {"index.js", "namespace-v1"}
    assert not [path for path in loaded if "archiver" in path or "semver" in path]


def test_node_loads_what_python_imports_and_errors_of_that_are_nobodys(tmp_path: Path) -> None:
    # Of more modules than are foreseen, the first are loaded; a resource that Node does not know is no error yet.
    program = """
import importlib, modelyard, os, pathlib
import cdktf_cdktf_provider_google as google
import jsii
jsii.kernel.provider.foresee("none.None")
names = sorted(path.parent.name for path in pathlib.Path(google.__file__).parent.glob("[a-z]*_*/__init__.py"))[:300]
for name in names:
    importlib.import_module(f"cdktf_cdktf_provider_google.{name}")
from cdktf import App
print(App().node.path == "")
"""
    done, loaded = run_and_see_nodes_modules(program, tmp_path)

    assert done.stdout == "True\n"
    assert slow_start_reasons(done.stderr) == []
    found = re.findall(r"provider-google/lib/([^/]+)/index\.js", "\n".join(loaded))
    assert 80 < len(found) < 100


# The one is killed when Node has said something, which nobody will read.
@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("select.select([node.reader], [], []); os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("raise SystemExit(3)", 3),
    ],
)
def test_node_ends_without_a_word_when_python_ends_before_it_is_asked(end: str, code: int) -> None:
    program = f"import os, select, signal; from {start_node.__module__} import start_node; node = start_node(); {end}"

    # Until Node has ended, which has the same outputs.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_checksums_of_packages_are_kept_until_the_package_changes(tmp_path: Path) -> None:
    packed = node_part("constructs")
    package = Path(shutil.copy(packed, tmp_path))
    version = packed.name.removeprefix("constructs@").removesuffix(".jsii.tgz")
    kept = tmp_path / "__pycache__" / f"{package.name}.digest.json"
    program = """
import json, sys
from modelyard.fast_start.node_process import start_node
node = start_node()
_, version, tarball = sys.argv
load = {"api": "load", "name": "constructs", "version": version, "tarball": tarball}
node.writer.write(f'{json.dumps(load)}\\n{{"exit":0}}\\n'.encode())
node.writer.flush()
print(node.reader.read().decode(), node.process.wait())
"""
    real = hashlib.sha256(package.read_bytes() + b"".join(b"\0" + each.encode() for each in ("constructs", version)))

    def is_loaded() -> bool:
        """With a cache of its own, which jsii files the package in under its checksum."""
        cache = tmp_path / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        done = run(program, version, str(package), JSII_RUNTIME_PACKAGE_CACHE_ROOT=str(cache))
        filed = cache / "constructs" / version / real.hexdigest()
        return '"assembly":"constructs"' in done.stdout and filed.is_dir()

    assert is_loaded()
    assert not kept.exists(), "there is no folder for it"
    kept.parent.mkdir()
    assert is_loaded()
    assert json.loads(kept.read_text())["digest"] == real.hexdigest()
    assert is_loaded()
    # That it is read at all shows by a wrong one, with which jsii unpacks nothing.
    kept.write_text(kept.read_text().replace(real.hexdigest(), "ab" * 32))
    assert not is_loaded()
    package.touch()
    assert is_loaded()
    kept.write_text("torn")
    assert is_loaded()
    assert json.loads(kept.read_text())["digest"] == real.hexdigest()


def test_types_that_python_has_not_imported_arrive_as_their_own_classes(tmp_path: Path) -> None:
    program = """
import json, modelyard, jsii, sys
from cdktf import App, Aspects, IAspect, TerraformStack
import cdktf_cdktf_provider_kubernetes
from jsii._kernel.types import CreateRequest
@jsii.implements(IAspect)
class Visitor:
    def visit(self, node):
        visited.append(type(node).__module__)
visited = []
app = App(outdir=sys.argv[1], skip_validation=True)
stack = TerraformStack(app, "stack")
# Made in Node alone: Python has no object for it.
config_map = f"@{sys.argv[2]}/provider-kubernetes.configMapV1.ConfigMapV1"
jsii.kernel.provider.create(
    CreateRequest(fqn=config_map, args=[stack.__jsii_ref__, "config", {"metadata": {"name": "n"}}], overrides=[])
)
Aspects.of(stack).add(Visitor())
app.synth()
print(json.dumps({"visited": visited, "found": [type(node).__name__ for node in stack.node.find_all()],
    "struct": type(stack.node.find_child("config").metadata_input).__name__}))
"""
    name = engine().name

    arrived = json.loads(run(program, str(tmp_path), name).stdout)

    assert arrived == {
        "visited": [name, f"{PREFIX}kubernetes.config_map_v1", name],
        "found": ["TerraformStack", "ConfigMapV1", "LocalBackend"],
        "struct": "ConfigMapV1Metadata",
    }


def test_the_users_own_node_is_used_also_from_a_path_with_spaces(tmp_path: Path) -> None:
    node = tmp_path / "my node"
    node.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/calls"\nexec node "$@"\n')
    node.chmod(0o755)

    run("import modelyard, cdktf; cdktf.App()", JSII_NODE=str(node))

    assert len((tmp_path / "calls").read_text().splitlines()) == 1


def test_a_node_that_does_not_take_the_preload_is_started_as_stock_does(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text('#!/bin/sh\ncase "$*" in *--require*) exit 9;; esac\nexec node "$@"\n')
    node.chmod(0o755)

    done = run("import modelyard, cdktf; print(cdktf.App().node.path == '')", JSII_NODE=str(node))

    assert done.stdout == "True\n"
    assert [reason[:23] for reason in slow_start_reasons(done.stderr)] == ["Node did not answer as "]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (f"import {engine().name}, modelyard", "constructs was imported before modelyard: import modelyard first"),
        ("import modelyard, jsii; del jsii._reference_map._submodule_fqn_map", "this version of jsii cannot"),
        (
            "import modelyard, jsii, types\n"
            "class Lacking(types.ModuleType):\n"
            "    _make_reference_for_native = property()\n"
            "jsii._kernel.__class__ = Lacking",
            "this version of jsii gathers a call's arguments in another way",
        ),
    ],
    ids=["engine imported first", "jsii without its map", "jsii without its conversion"],
)
def test_what_cannot_be_light_is_imported_as_stock_with_one_line(before: str, reason: str) -> None:
    program = f"{before}\nfrom cdktf_cdktf_provider_helm.release import Release; print(Release.__name__)"

    done = run(program)

    assert done.stdout == "Release\n"
    assert len(slow_start_reasons(done.stderr)) == 1
    assert slow_start_reasons(done.stderr)[0].startswith(reason)


def test_a_package_of_unknown_layout_is_imported_as_it_is(tmp_path: Path) -> None:
    package = tmp_path / f"{PREFIX}odd"
    package.mkdir()
    (package / "__init__.py").write_text("from . import thing\n")
    (package / "thing.py").write_text("import jsii\n")
    program = "import modelyard, constructs, sys; sys.path.append(sys.argv[1])"

    done = run(f"{program}; import cdktf_cdktf_provider_odd as odd; print(odd.thing.__name__)", str(tmp_path))

    assert done.stdout == f"{PREFIX}odd.thing\n"
    assert slow_start_reasons(done.stderr) == [
        f"{package / '__init__.py'} does not end in imports of its modules",
        f"{package / 'thing.py'} has no check_type(argname, value, expected_type)",
    ]


def test_bytecode_has_a_file_of_its_own_and_stocks_is_used_where_it_cannot_be_written(tmp_path: Path) -> None:
    package = tmp_path / f"{PREFIX}odd"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "thing.py").write_text("def call(number: int) -> None: pass\nprint(call.__annotations__)\n")
    compileall.compile_dir(package, quiet=1)
    stocks = {path: path.read_bytes() for path in (package / "__pycache__").iterdir()}
    program = "import modelyard, constructs, sys; sys.path.append(sys.argv[1]); import cdktf_cdktf_provider_odd.thing"

    unwritten = run(program, str(tmp_path), PYTHONDONTWRITEBYTECODE="1").stdout
    written, read = (run(program, str(tmp_path), PYTHONVERBOSE=verbose) for verbose in ("", "1"))

    assert unwritten == "{'number': <class 'int'>, 'return': None}\n"
    assert written.stdout == read.stdout == "{'number': 'int', 'return': 'None'}\n"
    assert f"matches {package / 'thing.py'}" in read.stderr
    assert [path.name for path in (package / "__pycache__").iterdir() if path not in stocks] == [
        f"thing.{sys.implementation.cache_tag}.annotations.pyc"
    ]
    assert all(path.read_bytes() == content for path, content in stocks.items())
