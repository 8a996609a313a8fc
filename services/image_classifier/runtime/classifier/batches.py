"""Pictures that come together are classified together: the network's weights are then read once for all of them."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
import numpy.typing as npt

from .model import Prediction

_MOST = 8  # pictures: more at once gain next to nothing
_PATIENCE_SECONDS = 0.1  # a picture that takes long to decode must not hold up the others

Images = npt.NDArray[np.float32]


class Batches:
    """Runs the network in a thread of its own, for all pictures that are ready once no other is in preparation.

    Args:
        classify: from pictures, float32 [n, 3, 224, 224], to the predictions of each.
    """

    def __init__(self, classify: Callable[[Images], list[list[Prediction]]]) -> None:
        self._classify = classify
        self._changed = threading.Condition()
        self._preparing = 0
        self._ready: list[tuple[Images, Future[list[Prediction]]]] = []
        threading.Thread(target=self._run, name="batches", daemon=True).start()

    def predict(self, prepare: Callable[[], Images]) -> list[Prediction]:
        """The predictions of the one picture [1, 3, 224, 224] that `prepare` gives.

        Raises:
            Exception: what `prepare` or the network raises.
        """
        future: Future[list[Prediction]] = Future()
        image = None
        with self._changed:
            self._preparing += 1
        try:
            image = prepare()
        finally:
            with self._changed:
                self._preparing -= 1
                if image is not None:
                    self._ready.append((image, future))
                self._changed.notify()
        return future.result()

    def _run(self) -> None:
        while True:
            images, futures = zip(*self._next(), strict=True)
            try:
                answers = self._classify(np.concatenate(images))
            except Exception as error:  # noqa: BLE001  # raised again in each request; this thread must go on
                for future in futures:
                    future.set_exception(error)
                continue
            for future, answer in zip(futures, answers, strict=True):
                future.set_result(answer)

    def _next(self) -> list[tuple[Images, Future[list[Prediction]]]]:
        with self._changed:
            self._changed.wait_for(lambda: self._ready)
            self._changed.wait_for(lambda: not self._preparing or len(self._ready) >= _MOST, _PATIENCE_SECONDS)
            batch, self._ready = self._ready[:_MOST], self._ready[_MOST:]
        return batch
