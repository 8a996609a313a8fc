"""The file that a model is kept in: a ZIP archive of `metadata.json` and `model.skops`.

Not pickle, which runs what the file says; skops builds only the types named here. One file, so that a model and what is
known of it can't come apart when it is copied or replaced. The same training gives the same bytes.
"""

import hashlib
import io
import json
import re
import zipfile
from dataclasses import asdict
from typing import Any

import sklearn
import skops.io
from sklearn.neighbors import KNeighborsClassifier
from skops.io.exceptions import UntrustedTypesFoundException

from .errors import IrisError
from .model import FEATURES, SPECIES, Model
from .parameters import Parameters
from .scores import Scores

FORMAT_VERSION = 1
_METADATA, _ESTIMATOR = "metadata.json", "model.skops"
# Real ones have some 30 kB; no more than this is unpacked.
_LARGEST_BYTES = 1 << 20
# What a fitted KNeighborsClassifier holds besides the types that skops trusts by itself: compiled code without side
# effects, built from numbers.
_TRUSTED_TYPES = [
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
]


def pack(model: Model) -> bytes:
    """The content of a model's file.

    Args:
        model: As it was trained: a search tree counts what it is asked, and the counts are in the file.
    """
    estimator = _without_accidents(skops.io.dumps(model.classifier))
    metadata = {
        "format_version": FORMAT_VERSION,
        "scikit_learn_version": sklearn.__version__,
        "features": FEATURES,
        "classes": SPECIES,
        "parameters": asdict(model.parameters),
        "scores": asdict(model.scores),
        "sha256": hashlib.sha256(estimator).hexdigest(),
    }
    return _zip({_METADATA: json.dumps(metadata, indent=2).encode(), _ESTIMATOR: estimator})


def unpack(content: bytes) -> Model:
    """The model in a file's content.

    Raises:
        IrisError: It is no model of this format, of another version of scikit-learn, changed, or of types that
            are not trusted.
    """
    try:
        return _unpack(content)
    except IrisError:
        raise
    except UntrustedTypesFoundException as error:
        raise IrisError(f"the model is refused, it holds types that are not trusted: {error}") from error
    except Exception as error:  # a broken file can fail anywhere in zipfile, json, skops and numpy
        raise IrisError(f"not a model of this program: {type(error).__name__}: {error}") from error


def sha256(content: bytes) -> str:
    """Of a whole file, in hexadecimal digits: what a model is known by."""
    return hashlib.sha256(content).hexdigest()


def _unpack(content: bytes) -> Model:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(each.file_size for each in archive.infolist()) > _LARGEST_BYTES:
            raise IrisError(f"not a model of this program: larger than {_LARGEST_BYTES} bytes")
        metadata: dict[str, Any] = json.loads(archive.read(_METADATA))
        estimator = archive.read(_ESTIMATOR)
    if metadata["format_version"] != FORMAT_VERSION:
        raise IrisError(f"the model has format {metadata['format_version']}, this program reads {FORMAT_VERSION}")
    if _release(metadata["scikit_learn_version"]) != _release(sklearn.__version__):
        raise IrisError(
            f"the model is of scikit-learn {metadata['scikit_learn_version']}, this program has {sklearn.__version__}: "
            "train it again"
        )
    if (tuple(metadata["features"]), tuple(metadata["classes"])) != (FEATURES, SPECIES):
        raise IrisError(f"the model is of {metadata['features']} to {metadata['classes']}, not of irises")
    if hashlib.sha256(estimator).hexdigest() != metadata["sha256"]:
        raise IrisError("the model was changed: its sha256 is not that of its metadata")
    classifier = skops.io.loads(estimator, trusted=_TRUSTED_TYPES)
    if not isinstance(classifier, KNeighborsClassifier):
        raise IrisError(f"the model is a {type(classifier).__name__}, this program takes a KNeighborsClassifier")
    return Model(
        classifier=classifier,
        parameters=Parameters(**metadata["parameters"]),
        scores=Scores(**metadata["scores"]),
    )


def _release(version: str) -> list[str]:
    """Without the patch, which changes no estimator."""
    return version.split(".")[:2]


def _without_accidents(archive: bytes) -> bytes:
    """The same skops archive without what differs from run to run: dates, and names that are memory addresses."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        files = {name: source.read(name) for name in source.namelist()}
    schema = files.pop("schema.json").decode()
    numbers: dict[str, str] = {}

    def renumbered(match: re.Match[str]) -> str:
        return match[1] + numbers.setdefault(match[2], str(len(numbers)))

    schema = re.sub(r'("__id__": |"file": ")(\d+)', renumbered, schema)
    renamed = {f"{numbers[name.removesuffix('.npy')]}.npy": content for name, content in files.items()}
    return _zip({"schema.json": schema.encode(), **renamed})


def _zip(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            # ZipInfo's own date is 1980-01-01.
            archive.writestr(zipfile.ZipInfo(name), data)
    return content.getvalue()
