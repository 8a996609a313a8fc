"""A dashboard of Grafana's for the pods of one Deployment, as JSON; needs neither CDKTF nor a cluster."""

import functools
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from modelyard.http_metrics import HttpMetrics

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, text, timeseries
from grafana_foundation_sdk.models import dashboard as grafana
from grafana_foundation_sdk.models.prometheus import Dataquery

#: The uid of Prometheus among Grafana's data sources; the add-on gives it.
DATASOURCE = "prometheus"
# Grafana's limit: https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/
_LONGEST_UID = 40
_WIDTH = 24
_HEIGHT = 8
# Grafana makes it four scrapes at least, so that a rate has two samples even if one scrape is lost.
_WINDOW = "$__rate_interval"


@dataclass(frozen=True, kw_only=True)
class Workload:
    """The pods of a Deployment, or of one that is chosen on the page.

    Attributes:
        namespace: Where they are.
        deployment: Its name; `$name` in it stands for what is chosen.
        choices: What there is to choose from, queries of Grafana's by `name`.
    """

    namespace: str
    deployment: str
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def pods(self) -> str:
        """Their names, and no other Deployment's of the namespace, as a regular expression (RE2)."""
        return f"{self.deployment}-[^-]+-[^-]+"

    @property
    def pods_of_all_choices(self) -> str:
        """The same for what cannot be told what is chosen."""
        return functools.reduce(lambda pods, name: pods.replace(f"${name}", "[-a-z0-9]+"), self.choices, self.pods)


def dashboard_uid(name: str) -> str:
    """The dashboard's name in addresses, for a Kubernetes name."""
    return name[:_LONGEST_UID].rstrip("-")


def service_dashboard(*, name: str, workload: Workload, metrics: HttpMetrics, logs_url: str | None) -> str:
    """Rate, errors, latency, saturation, replicas and logs, as Grafana reads a dashboard from a file.

    Args:
        name: What a person knows the service by; unique among the dashboards of a cluster.
        workload: Its pods.
        metrics: What they tell of requests.
        logs_url: A page of the cloud with the logs of these pods; None if there is none.
    """
    rows = {
        "Requests": _requests(workload, metrics),
        "Saturation": _saturation(workload, metrics),
        "Replicas": _replicas(workload),
        "Logs": [_logs(workload, logs_url)],
    }
    shown = grafana.Dashboard(
        uid=dashboard_uid(name),
        title=name,
        tags=["modelyard"],
        # It is provisioned: what people change in the browser is not kept.
        editable=False,
        refresh="30s",
        time=grafana.DashboardDashboardTime(from_val="now-1h", to="now"),
        graph_tooltip=grafana.DashboardCursorSync.CROSSHAIR,
        templating=grafana.DashboardDashboardTemplating(list_val=[_choice(*each) for each in workload.choices.items()]),
        panels=_placed(rows),
    )
    return json.dumps(shown, cls=JSONEncoder, sort_keys=True)


def _choice(name: str, query: str) -> grafana.VariableModel:
    return grafana.VariableModel(
        name=name,
        datasource=common.DataSourceRef(type_val="prometheus", uid=DATASOURCE),
        query={"query": query, "refId": name},
        refresh=grafana.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=grafana.VariableSort.ALPHABETICAL_ASC,
    )


def _requests(workload: Workload, metrics: HttpMetrics) -> list[grafana.Panel]:
    own = f'namespace="{workload.namespace}",pod=~"{workload.pods}"'
    all_of = f"rate({metrics.requests}{{{own}}}[{_WINDOW}])"
    errors = f'rate({metrics.requests}{{{own},{metrics.outcome}!~"{metrics.success}"}}[{_WINDOW}])'
    legend = f"{{{{{metrics.outcome}}}}}"
    buckets = f"sum by (le) (rate({metrics.duration}_bucket{{{own}}}[{_WINDOW}]))"
    return [
        _graph(
            "Requests",
            {legend: f"sum by ({metrics.outcome}) ({all_of})"},
            unit="reqps",
            description="Per second, by how they ended.",
            stacked=True,
        ),
        _graph(
            "Errors",
            {
                "all errors": f"(sum({errors}) or vector(0)) / sum({all_of})",
                legend: f"sum by ({metrics.outcome}) ({errors}) / on () group_left () sum({all_of})",
            },
            unit="percentunit",
            description="Their share of all requests; nothing while there are none.",
        ),
        _graph(
            "Latency",
            {f"p{percent}": f"histogram_quantile({percent / 100}, {buckets})" for percent in (50, 95, 99)},
            unit=metrics.duration_unit,
            description="Half, 95 % and 99 % of the requests took no longer, as exactly as the buckets tell.",
        ),
    ]


def _saturation(workload: Workload, metrics: HttpMetrics) -> list[grafana.Panel]:
    own = f'namespace="{workload.namespace}",pod=~"{workload.pods}"'

    def of_limit(used: str, resource: str) -> dict[str, str]:
        limits = f'kube_pod_container_resource_limits{{{own},resource="{resource}"}}'
        return {"{{pod}}": f"sum by (pod) ({used}) / sum by (pod) ({limits})"}

    throttled, periods = (
        f"sum by (pod) (rate(container_cpu_cfs_{which}_total{{{own}}}[{_WINDOW}]))"
        for which in ("throttled_periods", "periods")
    )
    panels = [
        _graph(
            "CPU",
            of_limit(f"rate(container_cpu_usage_seconds_total{{{own}}}[{_WINDOW}])", "cpu"),
            unit="percentunit",
            description="Of its limit, by pod.",
        ),
        _graph(
            "CPU throttled",
            {"{{pod}}": f"{throttled} / {periods}"},
            unit="percentunit",
            description="The share of the periods of 100 ms in which the pod had used up its limit, and had to wait.",
        ),
        _graph(
            "Memory",
            of_limit(f"container_memory_working_set_bytes{{{own}}}", "memory"),
            unit="percentunit",
            description="Of its limit, by pod; at 100 % the kernel ends it.",
        ),
    ]
    if metrics.in_flight:
        under_way = {"{{pod}}": f"sum by (pod) ({metrics.in_flight}{{{own}}})"}
        panels.append(_graph("In flight", under_way, unit="short", description="Requests under way, by pod."))
    return panels


def _replicas(workload: Workload) -> list[grafana.Panel]:
    own = f'namespace="{workload.namespace}",deployment="{workload.deployment}"'
    pods = f'namespace="{workload.namespace}",pod=~"{workload.pods}"'
    return [
        _graph(
            "Replicas",
            {
                "wanted": f"max(kube_deployment_spec_replicas{{{own}}})",
                "ready": f"max(kube_deployment_status_replicas_ready{{{own}}})",
            },
            unit="short",
            description="Pods that there should be, and those that take requests.",
        ),
        _graph(
            "Restarts",
            {"{{pod}}": f"sum by (pod) (kube_pod_container_status_restarts_total{{{pods}}})"},
            unit="short",
            description="How often each pod's containers have been started again, since the pod was made.",
        ),
    ]


def _logs(workload: Workload, url: str | None) -> grafana.Panel:
    command = f"kubectl logs --namespace {workload.namespace} deployment/{workload.deployment} --all-pods --follow"
    lines = [f"[The logs of these pods]({url}), also of those that are gone.", ""] if url else []
    content = "\n".join([*lines, "As they are written:", "", "```", command, "```"])
    return grafana.Panel(type_val="text", title="Logs", options=text.Options(content=content))


def _graph(title: str, queries: dict[str, str], *, unit: str, description: str, stacked: bool = False) -> grafana.Panel:
    """A panel of time series: PromQL by what its lines are called."""
    source = common.DataSourceRef(type_val="prometheus", uid=DATASOURCE)
    stacking = common.StackingConfig(mode=common.StackingMode.NORMAL) if stacked else None
    return grafana.Panel(
        type_val="timeseries",
        title=title,
        description=description,
        datasource=source,
        targets=[
            Dataquery(expr=query, legend_format=legend, ref_id=letter, datasource=source, range_val=True)
            for letter, (legend, query) in zip("ABC", queries.items(), strict=False)
        ],
        options=timeseries.Options(
            legend=common.VizLegendOptions(show_legend=True),
            tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.MULTI),
        ),
        field_config=grafana.FieldConfigSource(
            defaults=grafana.FieldConfig(
                unit=unit, min_val=0, custom=timeseries.FieldConfig(fill_opacity=10, stacking=stacking)
            )
        ),
    )


def _placed(rows: Mapping[str, Sequence[grafana.Panel]]) -> list[grafana.Panel | grafana.RowPanel]:
    """All panels below each other's rows, each with its number and its place in Grafana's grid of 24 columns."""
    placed: list[grafana.Panel | grafana.RowPanel] = []
    number, y = itertools.count(1), 0
    for title, panels in rows.items():
        row = grafana.GridPos(h=1, w=_WIDTH, x=0, y=y)
        placed.append(grafana.RowPanel(id_val=next(number), title=title, grid_pos=row, panels=[]))
        width = _WIDTH // len(panels)
        for column, panel in enumerate(panels):
            panel.id_val = next(number)
            panel.grid_pos = grafana.GridPos(h=_HEIGHT, w=width, x=column * width, y=y + 1)
            placed.append(panel)
        y += 1 + _HEIGHT
    return placed
