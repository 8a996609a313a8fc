import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.iris.runtime.iris import locations
from services.iris.runtime.iris.errors import IrisError
from services.iris.runtime.iris.served_model import served_model


def test_a_slow_bucket_is_asked_by_one_thread_at_a_time(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answers = threading.Event(), threading.Event()
    read = locations.read

    def slow(location: str) -> bytes:
        asked.set()
        assert answers.wait(30)
        return read(location)

    monkeypatch.setattr(locations, "read", slow)
    monkeypatch.setenv("MODEL", str(model_path))
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(served_model)
        assert asked.wait(30)
        with pytest.raises(IrisError, match="is being loaded"):
            served_model()
        answers.set()

        assert loading.result() is served_model()
