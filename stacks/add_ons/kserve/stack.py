"""KServe's stack."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from modelyard import HelmChart, Manifests, add_namespace
from modelyard.waiting_job import waiting_job

from cdktf import ITerraformDependable

from stacks.add_on import AddOnStack
from stacks.add_ons.kserve import cert_manager
from stacks.add_ons.kserve.rules import canary_policy, network_policy
from stacks.add_ons.kserve.serving_runtime import pinned_libraries, readers, serving_runtime
from stacks.add_ons.kserve.settings import KserveSettings
from stacks.add_ons.kserve.values import CONTROLLER, METRICS_PORT, VERSION, WEBHOOK_PORT, values
from stacks.add_ons.kserve.webhooks import ARGUMENTS, CLUSTER_RULES, PROBES, RULES

#: Where KServe's charts are, each under its own name.
REPOSITORY = "oci://ghcr.io/kserve/charts"
_REQUIREMENTS = Path(__file__).parent / "runtime" / "requirements.txt"
# Its own 300 s, and those in which an image comes to a new node.
_WEBHOOKS_SECONDS = 600


class KserveStack(AddOnStack):
    """Controller, cert-manager unless the cluster has it, and one runtime for all models."""

    settings: KserveSettings

    def declare(self) -> None:
        """The charts in their order, and when the webhooks answer, the runtime, which they check."""
        namespace = add_namespace(self, "namespace", service=self).metadata.name
        callers = network_policy(webhook_port=WEBHOOK_PORT, metrics_port=METRICS_PORT)
        rules = Manifests(self, "rules", name="rules", namespace=namespace, manifests=[callers, *canary_policy()])
        kinds = HelmChart(
            self,
            "kinds",
            name="kserve-crd",
            chart="kserve-crd",
            repository=REPOSITORY,
            version=VERSION,
            namespace=namespace,
            values={},
            pods=[],
        )
        controller = HelmChart(
            self,
            "controller",
            name=self.service_name,
            chart="kserve-resources",
            repository=REPOSITORY,
            version=VERSION,
            namespace=namespace,
            values=values(),
            pods=[CONTROLLER],
            depends_on=[rules.release, kinds.release, *self._cert_manager()],
        )
        Manifests(
            self,
            "runtime",
            name="runtime",
            namespace=namespace,
            manifests=[serving_runtime(self.image("runtime"), pinned_libraries(_REQUIREMENTS)), *readers()],
            depends_on=[self._webhooks(namespace, controller).release],
        )

    def _webhooks(self, namespace: str, controller: HelmChart) -> Manifests:
        """Ends when they answer."""
        return Manifests(
            self,
            "webhooks",
            name="webhooks",
            namespace=namespace,
            manifests=waiting_job(
                "webhooks-answer",
                namespace=self.service_name,
                arguments=ARGUMENTS,
                rules=RULES,
                cluster_rules=CLUSTER_RULES,
                files=PROBES,
                # Another controller has to start, too.
                revision=_revision(),
            ),
            jobs_timeout=_WEBHOOKS_SECONDS,
            depends_on=[controller.release],
        )

    def _cert_manager(self) -> Sequence[ITerraformDependable]:
        if not self.settings.cert_manager:
            return []
        namespace = add_namespace(self, "cert_manager_namespace", service=self, name=cert_manager.NAME).metadata.name
        callers = network_policy(webhook_port=cert_manager.WEBHOOK_PORT, metrics_port=cert_manager.METRICS_PORT)
        rules = Manifests(self, "cert_manager_rules", name="rules", namespace=namespace, manifests=[callers])
        chart = HelmChart(
            self,
            "cert_manager",
            name=cert_manager.NAME,
            repository=cert_manager.REPOSITORY,
            chart=cert_manager.NAME,
            version=cert_manager.VERSION,
            namespace=namespace,
            values=cert_manager.values(),
            pods=[cert_manager.CONTROLLER, cert_manager.INJECTOR, cert_manager.WEBHOOK],
            depends_on=[rules.release],
        )
        return [chart.release]


def _revision() -> str:
    return hashlib.sha256(json.dumps([VERSION, values()], sort_keys=True).encode()).hexdigest()


#: What `stacks.add_ons` looks for.
STACK = KserveStack
