"""The keys of an environment's file for this service."""

from typing import Literal

from pydantic import Field, model_validator

from stacks.setting_types import Schedule, Section, contradiction
from stacks.settings import ServiceSettings


class Weights(Section):
    """Shares of the requests, in whole per cent."""

    a: int = Field(ge=0, le=100, description="Model A's.", examples=[75])
    b: int = Field(ge=0, le=100, description="Model B's.", examples=[25])

    @model_validator(mode="after")
    def _add_up(self) -> "Weights":
        if self.a + self.b != 100:
            raise contradiction(
                "b",
                given=self.b,
                allowed=f"100 together with a = {self.a}",
                mend=f"write b = {100 - self.a}, or another a",
            )
        return self


class RnnForecasterSettings(ServiceSettings):
    """How the two models are served."""

    replicas: int = Field(
        3,
        ge=1,
        le=1000,
        description="Pods that carry all requests: of each side behind the gateway, else of both together.",
        examples=[4],
    )
    servers: Literal["each", "one"] = Field(
        "each",
        description="Whether each model has servers of its own, between which requests are divided, or both are in the "
        "same ones, and the caller says which.",
        examples=["each"],
    )
    weights: Weights | None = Field(
        None,
        description="Who gets how many of the requests, by default 67 and 33 per cent. To promote a model, or to take "
        "that back, is a change of these.",
        examples=[{"a": 0, "b": 100}],
    )
    comparison_schedule: Schedule | None = Field(
        None,
        description="When the models are compared, in cron's five fields, in UTC; else when somebody asks for it.",
        examples=["0 3 * * 1"],
    )

    @model_validator(mode="after")
    def _no_weights_in_one_server(self) -> "RnnForecasterSettings":
        if self.servers == "one" and self.weights:
            raise contradiction(
                "weights",
                given=f"{self.weights.a} and {self.weights.b}",
                allowed='nothing beside servers = "one": there the caller names the model, and nobody divides',
                mend='leave weights out, or write servers = "each"',
            )
        return self


#: What `stacks.service_settings` looks for.
MODEL = RnnForecasterSettings
