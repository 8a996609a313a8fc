import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from services.image_classifier.runtime.classifier import batches as batches_module
from services.image_classifier.runtime.classifier.batches import Batches, Images
from services.image_classifier.runtime.classifier.model import Prediction


class Network:
    """Names each picture after its first pixel, and can be held up."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.began, self.may_end = threading.Semaphore(0), threading.Event()

    def __call__(self, images: Images) -> list[list[Prediction]]:
        self.sizes.append(len(images))
        self.began.release()
        self.may_end.wait(10)
        if np.isnan(images).any():
            raise ArithmeticError
        return [[Prediction(f"{pixel:g}", 1.0)] for pixel in images[:, 0, 0, 0]]


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No busy machine makes the batches smaller than they should be."""
    monkeypatch.setattr(batches_module, "_PATIENCE_SECONDS", 10)


def _picture(value: float, prepared: threading.Semaphore | None = None) -> Callable[[], Images]:
    def prepare() -> Images:
        if prepared:
            prepared.release()
        return np.full((1, 3, 2, 2), value, dtype=np.float32)

    return prepare


@pytest.mark.usefixtures("patient")
def test_pictures_that_came_while_the_network_ran_are_classified_together_each_with_its_own_answer(
    network: Network,
) -> None:
    batches, prepared = Batches(network), threading.Semaphore(0)
    with ThreadPoolExecutor(12) as clients:
        answers = [clients.submit(batches.predict, _picture(0))]
        assert network.began.acquire(timeout=10)
        answers += [clients.submit(batches.predict, _picture(value, prepared)) for value in range(1, 12)]
        assert all(prepared.acquire(timeout=10) for _ in range(11))
        network.may_end.set()
        assert [answer.result()[0].label for answer in answers] == [str(value) for value in range(12)]
    assert network.sizes == [1, 8, 3]


@pytest.mark.usefixtures("patient")
def test_pictures_wait_for_one_in_preparation_but_not_once_it_is_refused(network: Network) -> None:
    batches, prepared, go_on = Batches(network), threading.Semaphore(0), threading.Event()
    network.may_end.set()

    def refuse() -> Images:
        prepared.release()
        go_on.wait(10)
        raise ValueError("no picture")

    with ThreadPoolExecutor(3) as clients:
        refused = clients.submit(batches.predict, refuse)
        assert prepared.acquire(timeout=10)
        answers = [clients.submit(batches.predict, _picture(value, prepared)) for value in (1, 2)]
        assert all(prepared.acquire(timeout=10) for _ in answers)
        assert network.sizes == []
        go_on.set()
        assert [answer.result()[0].label for answer in answers] == ["1", "2"]
        with pytest.raises(ValueError, match="no picture"):
            refused.result()
    assert network.sizes == [2]


def test_a_picture_that_takes_long_to_decode_does_not_hold_up_the_others(network: Network) -> None:
    batches = Batches(network)
    network.may_end.set()
    started, go_on = threading.Event(), threading.Event()

    def prepare_long() -> Images:
        started.set()
        go_on.wait(10)
        return _picture(1)()

    with ThreadPoolExecutor(1) as client:
        long = client.submit(batches.predict, prepare_long)
        assert started.wait(10)
        assert batches.predict(_picture(2)) == [Prediction("2", 1.0)]
        assert not long.done()
        go_on.set()
        assert long.result() == [Prediction("1", 1.0)]


def test_a_failure_of_the_network_is_told_and_the_next_picture_is_classified(network: Network) -> None:
    batches = Batches(network)
    network.may_end.set()
    with pytest.raises(ArithmeticError):
        batches.predict(_picture(np.nan))
    assert batches.predict(_picture(3)) == [Prediction("3", 1.0)]
