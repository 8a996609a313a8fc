"""scikit-learn's estimators, as skops archives."""

import io
import re
import zipfile

from modelyard.errors import ConfigurationError
from modelyard.serving.formats.answers import require_equal
from modelyard.serving.formats.content import Content, Foreign, Tensor, versions
from modelyard.serving.formats.trusted_types import TRUSTED_TYPES

import numpy as np
import skops.io
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted
from skops.io.exceptions import UnsupportedTypeException

_WHERE = "model"


def content(model: Foreign, example: Foreign) -> Content:
    """A fitted estimator or pipeline.

    Raises:
        ConfigurationError: It is not fitted, cannot predict, or holds what the runtime does not trust.
    """
    name = type(model).__name__
    if not hasattr(model, "predict"):
        raise ConfigurationError(
            f"{name} has no predict",
            mend="give an estimator that predicts, or a pipeline that ends in one",
            where=_WHERE,
        )
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ConfigurationError(f"{name} is not fitted", mend="call model.fit(X, y) first", where=_WHERE) from None
    file = _archived(model, name)
    if example is not None:
        _require_same_answers(skops.io.loads(file, trusted=list(TRUSTED_TYPES)), model, example)
    return Content(
        format="sklearn",
        file=file,
        libraries=versions("scikit-learn", "skops", "numpy"),
        inputs=(_input(model, example),),
        methods=("predict", "predict_proba") if hasattr(model, "predict_proba") else ("predict",),
        estimator=name,
    )


def _archived(model: Foreign, name: str) -> bytes:
    mend = "put what is yours outside of the model, or give its part that is scikit-learn's own"
    try:
        archive = skops.io.dumps(model)
    except UnsupportedTypeException as error:
        raise ConfigurationError(f"{name} cannot be saved: {_line(error)}", mend=mend, where=_WHERE) from error
    unknown = sorted(set(skops.io.get_untrusted_types(data=archive)) - set(TRUSTED_TYPES))
    if unknown:
        raise ConfigurationError(
            f"{name} holds what the model server does not load: {', '.join(unknown)}", mend=mend, where=_WHERE
        )
    return _without_accidents(archive)


def _require_same_answers(saved: Foreign, model: Foreign, example: Foreign) -> None:
    try:
        own = model.predict(example)
    except (TypeError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"the model does not take the example: {_line(error)}",
            mend="give some rows as they are given to model.predict",
            where="example",
        ) from error
    require_equal([saved.predict(example)], [own])


def _input(model: Foreign, example: Foreign) -> Tensor:
    """What can be known of it: the count of columns, their names, and float32 where the example has it."""
    first = model
    while isinstance(first, Pipeline):
        first = first[0]
    tags = get_tags(first).input_tags
    columns = getattr(model, "feature_names_in_", None)
    count = getattr(model, "n_features_in_", None)
    texts = np.ndim(example) == 1 if example is not None else count is None and tags.string
    return Tensor(
        name="input",
        dtype="float32" if getattr(example, "dtype", None) == np.float32 else "any",
        shape=(None,) if texts else (None, count),
        columns=None if columns is None else tuple(str(each) for each in columns),
        missing=bool(tags.allow_nan),
    )


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _without_accidents(archive: bytes) -> bytes:
    """The same archive without what differs from run to run: dates, and names that are addresses or drawn at random."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        files = {name: source.read(name) for name in source.namelist()}
    schema = files.pop("schema.json").decode()
    numbers: dict[str, str] = {}

    def renumbered(match: re.Match[str]) -> str:
        return match[1] + numbers.setdefault(match[2], str(len(numbers)))

    # A vectorizer remembers which list of stop words it has checked, by its address.
    schema = re.sub(r'("_stop_words_id": {[^}]*?"content": ")\d+', r"\g<1>0", schema)
    schema = re.sub(r'("__id__": |"file": ")([0-9a-f-]+)', renumbered, schema)
    named = {}
    for name, data in files.items():
        stem, dot, suffix = name.partition(".")
        named[numbers[stem] + dot + suffix] = data
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as target:
        for name, data in {"schema.json": schema.encode(), **dict(sorted(named.items()))}.items():
            # ZipInfo's own date is 1980-01-01.
            target.writestr(zipfile.ZipInfo(name), data)
    return result.getvalue()
