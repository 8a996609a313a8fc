"""Two recurrent networks that forecast a series' next value, side by side in TensorFlow Serving."""

from typing import Any

from modelyard import (
    ABTest,
    ConfigurationError,
    HttpMetrics,
    ModelService,
    Probes,
    Resources,
    ScheduledJob,
    Side,
)

from stacks.service import ServiceStack

from .settings import RnnForecasterSettings, Weights

_MODEL = "rnn-forecaster"
_REST, _GRPC = 8501, 8500
_SIDES = ("a", "b")
_COMPARISON = "comparison"
# The same of both kinds: Terraform changes what has the same name in both, and does not make it a second time.
_ID = "models"


class RnnForecaster(ServiceStack):
    """Models A and B, each in servers of its own between which requests are divided, or both in the same ones."""

    requires = ("gateway", "monitoring")
    settings: RnnForecasterSettings

    def declare(self) -> None:
        """The servers, and a job that holds the models against each other."""
        if self.settings.servers == "one":
            self.example = f"curl {{url}}v1/models/{_MODEL}-a"
            server = ModelService(
                self,
                _ID,
                # Ready is: A is loaded, and started: B is. Neither is unloaded as long as the server runs.
                **self._server(ready=f"{_MODEL}-a", started=f"{_MODEL}-b"),
                arguments=[_config("both")],
                exposure=self.exposure,
                image=self.image("model_server"),
            )
            # gRPC lets whoever reaches it load other models: no LoadBalancer opens it.
            address = f"http://{_MODEL}-pods:{_REST}/v1/models/{_MODEL}"
            self._compare({side: f"{address}-{side}" for side in _SIDES}, server.namespace)
            return
        self.example = f"curl {{url}}v1/models/{_MODEL}"
        try:
            self._divide(self.settings.weights or Weights(a=67, b=33))
        except ConfigurationError as error:
            # Where weights and replicas are.
            raise error.within(f"environments/{self.environment}.toml: services.{self.service_name}") from error

    def _divide(self, weights: Weights) -> None:
        """Servers for each model."""
        image = self.image("model_server")
        test = ABTest(
            self,
            _ID,
            **self._server(ready=_MODEL),
            sides={
                "a": Side(weight=weights.a, image=image, arguments=[_config("a")]),
                "b": Side(weight=weights.b, image=image, arguments=[_config("b")]),
            },
            exposure=self.exposure,
            # Who looks into a model needs an answer of that one.
            header="modelyard-side" if self.gateway else None,
        )
        urls = {side: f"http://{name}:{_REST}/v1/models/{_MODEL}" for side, name in test.services.items()}
        if urls.keys() == set(_SIDES):
            self._compare(urls, test.namespace)
        elif self.settings.comparison_schedule:
            raise ConfigurationError(
                f"comparison_schedule beside weights a = {weights.a}, b = {weights.b}: without a gateway, a model with "
                "weight 0 has no pod that could be asked",
                mend="leave comparison_schedule out, give both models weights, or deploy the add-on gateway",
            )

    def _server(self, *, ready: str, started: str | None = None) -> dict[str, Any]:
        """What both kinds of servers have."""
        return {
            "port": _REST,
            "more_ports": {"grpc": _GRPC},
            "resources": Resources(cpu="100m", memory="512Mi", cpu_limit="1"),
            "replicas": self.settings.replicas,
            # It does not hear that it is to end, and answers until it is killed; a forecast takes milliseconds.
            "shutdown_seconds": 5,
            # The metadata of a model is there when it is loaded; its status before that, too.
            "probes": Probes(
                ready_path=f"/v1/models/{ready}/metadata",
                alive_path=f"/v1/models/{ready}",
                started_path=f"/v1/models/{started}/metadata" if started else None,
            ),
            "metrics": HttpMetrics(
                requests=":tensorflow:serving:request_count",
                outcome="status",
                success="OK",
                duration=":tensorflow:serving:request_latency",
                duration_unit="µs",
            ),
        }

    def _compare(self, urls: dict[str, str], namespace: str) -> None:
        arguments = [argument for side, url in urls.items() for argument in (f"--{side}", url)]
        access = None
        if self.artifacts.is_available:
            access = self.artifacts.grant(
                self, "artifacts", namespace=self.service_name, service_account=_COMPARISON, mode="write"
            )
            arguments += ["--output", self.artifacts.url(f"{self.service_name}/comparisons")]
        ScheduledJob(
            self,
            "comparison",
            name=_COMPARISON,
            namespace=namespace,
            image=self.image("comparison"),
            arguments=arguments,
            # 10,000 days took 151 MB.
            resources=Resources(cpu="100m", memory="320Mi", cpu_limit="1"),
            deadline_seconds=600,
            schedule=self.settings.comparison_schedule,
            access=access,
        )


def _config(name: str) -> str:
    return f"--model_config_file=/config/{name}.config"
