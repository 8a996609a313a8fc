"""Predictions over HTTP, by the Open Inference Protocol.

Source: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

import json
import math
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from modelyard.errors import ConfigurationError

import httpx
import numpy as np
from numpy.typing import NDArray

_DATATYPE_OF: Mapping[str, str] = MappingProxyType(
    {
        "bool": "BOOL",
        "uint8": "UINT8",
        "uint16": "UINT16",
        "uint32": "UINT32",
        "uint64": "UINT64",
        "int8": "INT8",
        "int16": "INT16",
        "int32": "INT32",
        "int64": "INT64",
        # JSON has no place for the protocol's FP16.
        "float16": "FP32",
        "float32": "FP32",
        "float64": "FP64",
    }
)
_DTYPE_OF = {datatype: dtype for dtype, datatype in _DATATYPE_OF.items()}
# A pod may go while it is asked; the next one answers.
_ATTEMPTS = 4
_ANSWER_SECONDS = 60


class Predictor:
    """Asks one model.

    Args:
        name: The model's, as its server knows it.
        base: Gives the server's URL; asked again when it does not answer.
        columns: Of the data frame that the model was fitted to, in order; empty for others.
    """

    def __init__(self, name: str, base: Callable[[], str], columns: Sequence[str] = ()) -> None:
        self._name = name
        self._columns = list(columns)
        self._base = base
        self._client: httpx.Client | None = None

    def close(self) -> None:
        """Gives back the connection."""
        if self._client:
            self._client.close()
        self._client = None

    def predict(self, rows: Any, method: str | None) -> NDArray[Any] | dict[str, NDArray[Any]]:  # noqa: ANN401 - see there
        """See Endpoint.predict."""
        given = rows if isinstance(rows, Mapping) else {"input": rows}
        body: dict[str, Any] = {"inputs": [self._tensor(str(name), each) for name, each in given.items()]}
        if method:
            body["parameters"] = {"method": method}
        answer = self._ask(f"/v2/models/{self._name}/infer", json.dumps(body, default=_plain))
        outputs = {each["name"]: _array(each) for each in answer["outputs"]}
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def _tensor(self, name: str, rows: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        try:
            array = np.asarray(self._frame(rows) if hasattr(rows, "columns") else rows)
        except ValueError as error:
            raise ConfigurationError(f"the rows are no array: {error}", mend="give rows of one length") from error
        data, datatype = array.ravel().tolist(), _DATATYPE_OF.get(array.dtype.name, "BYTES")
        if array.dtype.kind in "fO" and any(isinstance(value, float) and math.isnan(value) for value in data):
            # JSON has no NaN, and the protocol's numbers have no null.
            data = [None if isinstance(value, float) and math.isnan(value) else value for value in data]
            datatype = "BYTES"
        return {"name": name, "shape": list(array.shape), "datatype": datatype, "data": data}

    def _frame(self, rows: Any) -> Any:  # noqa: ANN401 - a data frame, of whichever library
        """With its columns in the model's order: the server goes by their places."""
        if not self._columns:
            return rows.to_numpy()
        missing = [name for name in self._columns if name not in list(rows.columns)]
        if missing:
            raise ConfigurationError(
                f"{self._name!r} was fitted to a column {missing[0]!r}, and the rows have none",
                mend=f"give the columns {', '.join(self._columns)}",
            )
        return rows[self._columns].to_numpy()

    def _ask(self, path: str, body: str) -> Any:  # noqa: ANN401 - JSON
        for attempt in range(_ATTEMPTS):
            try:
                response = self._connected().post(path, content=body, headers={"Content-Type": "application/json"})
            except httpx.ReadTimeout as error:
                raise ConfigurationError(
                    f"{self._name!r} has not answered in {_ANSWER_SECONDS} s",
                    mend="ask for fewer rows at once, or serve it with more cpu=…",
                ) from error
            except httpx.TransportError as error:
                self.close()
                if attempt + 1 == _ATTEMPTS:
                    raise ConfigurationError(
                        f"{self._name!r} does not answer: {error}", mend="see what it says: endpoint.logs()"
                    ) from error
            else:
                if response.status_code != 503 or attempt + 1 == _ATTEMPTS:
                    return self._answer(response)
            time.sleep(0.3 * 2**attempt)
        raise AssertionError("unreachable")

    def _connected(self) -> httpx.Client:
        if self._client is None:
            timeout = httpx.Timeout(_ANSWER_SECONDS, connect=10)
            # Plain HTTP: to read the machine's authorities would take longer than a prediction.
            nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._client = httpx.Client(base_url=self._base(), timeout=timeout, verify=nobody)
        return self._client

    def _answer(self, response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        if response.is_success:
            return response.json()
        try:
            said = response.json()["error"]
        except (ValueError, KeyError, TypeError):
            said = response.text.strip() or response.reason_phrase
        said = " ".join(str(said).split())
        if response.status_code < 500:
            raise ConfigurationError(
                f"{self._name!r} does not take these rows: {said}", mend="give rows as the model was fitted to"
            )
        raise ConfigurationError(f"{self._name!r} failed: {said}", mend="see what it says: endpoint.logs()")


def _plain(value: Any) -> Any:  # noqa: ANN401 - what json has no words for
    return value.item() if isinstance(value, np.generic) else str(value)


def _array(output: Mapping[str, Any]) -> NDArray[Any]:
    return np.asarray(output["data"], dtype=_DTYPE_OF.get(output["datatype"])).reshape(output["shape"])
