"""Requests to a server, in a closed loop (how much it can do) and in an open one (how long clients then wait)."""

import random
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from statistics import quantiles

import urllib3

_MOST_AT_ONCE = 64  # of an open loop


@dataclass(frozen=True)
class Load:
    """What came back: seconds of each answered request, the number of failed ones, and how long all took."""

    latencies: list[float]
    failed: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Answered requests a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """Seconds within which so many percent of the answers came."""
        return quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


class Clients:
    """Clients on this machine that post pictures and keep their connections open."""

    def __init__(self, port: int, pictures: Sequence[bytes]) -> None:
        self._pool = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=_MOST_AT_ONCE, timeout=30, retries=False)
        self._pictures = pictures

    def predict(self, number: int) -> urllib3.BaseHTTPResponse:
        """The answer to one of the pictures."""
        body = self._pictures[number % len(self._pictures)]
        return self._pool.request("POST", "/predict", body=body, headers={"Content-Type": "image/jpeg"})

    def closed_loop(self, clients: int, seconds: float) -> Load:
        """So many clients, each of which sends its next request when it has the answer to its last."""
        began = time.perf_counter()

        def client(first: int) -> list[float | None]:
            latencies, number = [], first
            while time.perf_counter() < began + seconds:
                latencies.append(self._timed(number, time.perf_counter()))
                number += 1
            return latencies

        with ThreadPoolExecutor(clients) as threads:
            latencies = [each for ended in threads.map(client, range(clients)) for each in ended]
        return _load(latencies, time.perf_counter() - began)

    def open_loop(self, per_second: float, seconds: float) -> Load:
        """Requests at random times (a Poisson process, the same for each call), whether others are answered or not.

        A request's latency counts from the time at which it was due, so waiting for a slow server counts.
        """
        chance = random.Random(0)  # noqa: S311  # not for secrets
        began = due = time.perf_counter()
        with ThreadPoolExecutor(_MOST_AT_ONCE) as threads:
            sent: list[Future[float | None]] = []
            while (due := due + chance.expovariate(per_second)) < began + seconds:
                time.sleep(max(0, due - time.perf_counter()))
                sent.append(threads.submit(self._timed, len(sent), due))
            latencies = [each.result() for each in sent]
        return _load(latencies, time.perf_counter() - began)

    def _timed(self, number: int, due: float) -> float | None:
        """Seconds from `due` to the answer; None for another answer than 200, and for none."""
        try:
            status = self.predict(number).status
        except urllib3.exceptions.HTTPError:
            return None
        return time.perf_counter() - due if status == 200 else None


def _load(latencies: Sequence[float | None], seconds: float) -> Load:
    answered = [each for each in latencies if each is not None]
    return Load(answered, len(latencies) - len(answered), seconds)
