"""A trained model, and the file that it is kept in: a ZIP archive of `metadata.json` and `model.skops`.

Not pickle, which runs what the file says; skops builds only the types named here.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sklearn
import skops.io
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException

from .columns import FEATURES, TARGET
from .errors import PipelineError
from .scores import Scores

FORMAT_VERSION = 1
_METADATA, _ESTIMATOR = "metadata.json", "model.skops"
_FEATURES = [column.name for column in FEATURES]
# Compiled code without side effects, built from numbers: a forest holds it besides what skops trusts by itself.
_TRUSTED_TYPES = ["sklearn.tree._tree.Tree"]


@dataclass(frozen=True, kw_only=True)
class Model:
    """An estimator with what is known of it.

    Attributes:
        estimator: The fitted forest, or the fitted pipeline of scaler and lasso.
        rows: How many it was trained on.
        scores: How good it is, once that was tested.
    """

    estimator: RandomForestRegressor | Pipeline
    rows: int
    scores: Scores | None = None

    @property
    def algorithm(self) -> str:
        """The name of scikit-learn's class."""
        estimator = self.estimator
        return type(estimator[-1] if isinstance(estimator, Pipeline) else estimator).__name__


def write_model(path: Path, model: Model) -> str:
    """Writes a model's file, and gives its sha256; raises OSError."""
    estimator = skops.io.dumps(model.estimator)
    metadata = {
        "format_version": FORMAT_VERSION,
        "scikit_learn_version": sklearn.__version__,
        "algorithm": model.algorithm,
        "features": _FEATURES,
        "target": TARGET.name,
        "rows": model.rows,
        "scores": model.scores and asdict(model.scores),
        "sha256": hashlib.sha256(estimator).hexdigest(),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_METADATA, json.dumps(metadata, indent=2))
        archive.writestr(_ESTIMATOR, estimator)
    path.write_bytes(content.getvalue())
    return hashlib.sha256(content.getvalue()).hexdigest()


def read_model(path: Path) -> Model:
    """The model in a file.

    Raises:
        PipelineError: It is no model of this format, of another version of scikit-learn, changed, or of types that
            are not trusted.
    """
    try:
        return _unpack(path)
    except PipelineError:
        raise
    except UntrustedTypesFoundException as error:
        raise PipelineError(f"{path} is refused, it holds types that are not trusted: {error}") from error
    except Exception as error:  # a broken file can fail anywhere in zipfile, json, skops and numpy
        raise PipelineError(f"{path} is no model of this program: {type(error).__name__}: {error}") from error


def _unpack(path: Path) -> Model:
    with zipfile.ZipFile(path) as archive:
        metadata: dict[str, Any] = json.loads(archive.read(_METADATA))
        estimator = archive.read(_ESTIMATOR)
    if metadata["format_version"] != FORMAT_VERSION:
        raise PipelineError(f"{path} has format {metadata['format_version']}, this program reads {FORMAT_VERSION}")
    if _release(metadata["scikit_learn_version"]) != _release(sklearn.__version__):
        version = metadata["scikit_learn_version"]
        raise PipelineError(f"{path} is of scikit-learn {version}, here is {sklearn.__version__}: train it again")
    if (metadata["features"], metadata["target"]) != (_FEATURES, TARGET.name):
        raise PipelineError(
            f"{path} predicts {metadata['target']} from {', '.join(metadata['features'])}: train it again"
        )
    if hashlib.sha256(estimator).hexdigest() != metadata["sha256"]:
        raise PipelineError(f"{path} was changed: its sha256 is not that of its metadata")
    return Model(
        estimator=skops.io.loads(estimator, trusted=_TRUSTED_TYPES),
        rows=metadata["rows"],
        scores=metadata["scores"] and Scores(**metadata["scores"]),
    )


def _release(version: str) -> list[str]:
    """Without the patch, which changes no estimator."""
    return version.split(".")[:2]
