"""Changes of recorded plans that several tests make."""

from collections.abc import Callable

from tests.policies.recorded import Planned, Values

Change = Callable[[Planned], object]

RNN, POLYAXON, SALES = "gke-dev-rnn-forecaster", "gke-dev-polyaxon", "aks-dev-sales-pipeline"
DEPLOYMENT = "kubernetes_deployment_v1.models_a_deployment"
COMPARISON = "helm_release.comparison_manifests_release/CronJob/comparison"
DATABASE = "helm_release.database_release/StatefulSet/polyaxon-postgresql"
CHART = "helm_release.chart_release"
NEEDS = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}


def added(type_name: str, /, **values: object) -> Change:
    """One more resource."""
    return lambda planned: planned.add(type_name, values)


def planned_values(start: str, /, **values: object) -> Change:
    """Other values of a resource."""
    return lambda planned: planned.values(start).update(values)


def chart_values(**values: object) -> Change:
    """Other values of Polyaxon's chart."""
    return lambda planned: planned.change_chart_values(CHART, lambda content: content.update(values))


def manifest(kind: str, /, *keys: str | int, **values: object) -> Change:
    """Other values in an object of a Helm release, in the table that the keys lead to."""

    def change(content: Values) -> None:
        table = content
        for key in keys:
            table = table[key]  # type: ignore[index]  # a number, in a list
        table.update(values)

    return lambda planned: planned.change_manifest(kind, change)


def comparison(**values: object) -> Change:
    """Other values of the comparison's container."""
    return manifest("CronJob", "spec", "jobTemplate", "spec", "template", "spec", "containers", 0, **values)


def comparison_pod(**values: object) -> Change:
    """Other values of the comparison's pod."""
    return manifest("CronJob", "spec", "jobTemplate", "spec", "template", "spec", **values)


def database(**values: object) -> Change:
    """Other values of PostgreSQL's container."""
    return manifest("StatefulSet", "spec", "template", "spec", "containers", 0, **values)


def container(**values: object) -> Change:
    """Other values of model A's container."""

    def change(planned: Planned) -> None:
        planned.values(DEPLOYMENT)["spec"][0]["template"][0]["spec"][0]["container"][0].update(values)

    return change


def variable(name: str, value: str | None, *value_from: Values) -> Change:
    """An environment variable of model A's container."""
    return container(env=[{"name": name, "value": value, "value_from": list(value_from)}])


def replicas(count: int) -> Change:
    """Of model A."""
    return lambda planned: planned.values(DEPLOYMENT)["spec"][0].update(replicas=str(count))
