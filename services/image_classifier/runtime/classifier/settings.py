"""The settings of the service, read from environment variables once at the start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

Network = IPv4Network | IPv6Network


class SettingsError(Exception):
    """An environment variable has a value that is not allowed; the message names it, the value and the mend."""


@dataclass(frozen=True)
class Settings:
    """What can be changed without a new image. README.md has the table for people.

    Attributes:
        model_path: the ONNX file that the build wrote.
        threads: requests handled at once; half of them may be predictions, so probes always find a free one.
        inference_threads: cores that one inference uses.
        max_image_bytes: largest upload or download.
        max_image_pixels: largest decoded picture, in pixels.
        fetch_seconds: time for a whole download, redirects and name resolution included.
        request_seconds: time a client has to send its request.
        allowed_networks: networks that URLs may point to although they are not public, on any port.
    """

    model_path: Path
    threads: int = 16
    inference_threads: int = 1
    max_image_bytes: int = 10 * 1024 * 1024
    max_image_pixels: int = 25_000_000
    fetch_seconds: float = 10
    request_seconds: float = 15
    allowed_networks: tuple[Network, ...] = ()

    @property
    def prediction_slots(self) -> int:
        """Predictions under way at once."""
        return self.threads // 2

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Reads the variables named in README.md.

        Raises:
            SettingsError: a variable has a value that is not allowed.
        """
        read = _Reader(environment)
        return cls(
            model_path=Path(environment.get("MODEL_PATH", "alexnet.onnx")),
            threads=read.integer("THREADS", cls.threads, least=2, most=256),
            inference_threads=read.integer("INFERENCE_THREADS", cls.inference_threads, least=1, most=64),
            max_image_bytes=read.integer("MAX_IMAGE_BYTES", cls.max_image_bytes, least=1024, most=1 << 30),
            max_image_pixels=read.integer("MAX_IMAGE_PIXELS", cls.max_image_pixels, least=65536, most=500_000_000),
            fetch_seconds=read.integer("FETCH_SECONDS", int(cls.fetch_seconds), least=1, most=300),
            request_seconds=read.integer("REQUEST_SECONDS", int(cls.request_seconds), least=1, most=300),
            allowed_networks=read.networks("ALLOWED_NETWORKS"),
        )


class _Reader:
    """Reads typed values from variables; one left out or left empty has its default."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def integer(self, key: str, default: int, *, least: int, most: int) -> int:
        text = self._environment.get(key, "").strip()
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise SettingsError(f"{key}={text!r}: give a whole number from {least} to {most}, or leave it out")
        return int(text)

    def networks(self, key: str) -> tuple[Network, ...]:
        texts = [text.strip() for text in self._environment.get(key, "").split(",") if text.strip()]
        try:
            return tuple(ip_network(text) for text in texts)
        except ValueError as error:
            raise SettingsError(f"{key}: {error}; give networks such as 10.20.0.0/16, separated by commas") from None
