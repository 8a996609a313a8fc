"""A model that KServe serves, declared for Terraform."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from modelyard.disruption_budget import add_disruption_budget
from modelyard.errors import ConfigurationError
from modelyard.exposure import Exposure
from modelyard.load_balancer import add_load_balancer
from modelyard.manifests import Manifests
from modelyard.model_namespace import MODEL_LABEL, ModelNamespace
from modelyard.pod_requests import PodRequests
from modelyard.resources import Resources
from modelyard.service_scope import ServiceScope
from modelyard.serving.manifest import PORT, REVISION_LABEL, inference_service
from modelyard.serving.model_format import ModelFormat
from modelyard.traffic_rules import add_traffic_rules, from_networks
from modelyard.waiting_job import waiting_job

from constructs import Construct

_REVISION_CHARACTERS = 12
# For scheduling, perhaps on a node that has to come up first, for the image of a gigabyte, and for the model.
_ROLLOUT_SECONDS = 420


class InferenceService(Construct):
    """Serves a saved model with the runtime that the add-on `kserve` brings, to those that `exposure` names.

    A deploy ends when the model answers; one whose model does not load fails, and the former one goes on answering.

    Args:
        scope: The service's stack; gives what its nodes can hold.
        id_: The construct's id; renaming it replaces every object.
        models: The namespace, and the models' store.
        model: The model's folder in the store. Either this or `image`.
        image: An image with the model's folder at /models.
        model_format: Of the file in the folder.
        resources: Requests and limits of one replica.
        exposure: Who may reach the LoadBalancer.
        name: Of the InferenceService, one of its own in the namespace; by default the service's.
        replicas: How many pods, 1 or more.

    Raises:
        ConfigurationError: A declaration that no cluster of the environment could run.
    """

    def __init__(
        self,
        scope: ServiceScope,
        id_: str,
        *,
        models: ModelNamespace,
        model: str | None = None,
        image: str | None = None,
        model_format: ModelFormat,
        resources: Resources,
        exposure: Exposure,
        name: str | None = None,
        replicas: int = 1,
    ) -> None:
        super().__init__(scope, id_)
        if (model is None) == (image is None):
            raise ConfigurationError(
                "an InferenceService with a model in the store and one in an image" if model else "no model to serve",
                mend="give either model, a folder in the store, or image",
            )
        name = name or scope.service_name
        scope.add_pods(PodRequests(name=name, resources=resources, replicas=replicas))
        labels = {**scope.labels, "app.kubernetes.io/name": name}
        declared = inference_service(
            name=name,
            model_format=model_format,
            storage_uri=models.storage_uri(model) if model else None,
            model_image=image,
            service_account=models.service_account,
            requests=resources.requests,
            limits=resources.limits,
            replicas=replicas,
            labels=labels,
            pod_labels=models.pod_labels,
        )
        revision = _revision(declared)
        # By it, the pods of this revision are told from those of the former one.
        declared["spec"]["predictor"]["labels"][REVISION_LABEL] = revision
        self.release = Manifests(
            self,
            "model",
            name=name,
            namespace=models.namespace,
            manifests=[declared, *_until_ready(name, revision, namespace=scope.service_name)],
            jobs_timeout=_ROLLOUT_SECONDS,
            # Pods that do not come up stay and say why; those of the former revision go on answering.
            atomic=False,
            depends_on=[models.release],
        ).release
        metadata = {"name": name, "namespace": models.namespace, "labels": labels}
        selector = {MODEL_LABEL: name}
        # Beside the namespace's own rules, which let in the environment.
        add_traffic_rules(
            self,
            "traffic_rules",
            metadata=metadata,
            selector=selector,
            port=PORT,
            # The namespace's rules let Prometheus in.
            callers=from_networks(exposure),
            egress=[],
        )
        self.load_balancer = add_load_balancer(
            self,
            "load_balancer",
            cluster=scope.cluster,
            metadata=metadata,
            selector=selector,
            target_port=str(PORT),
            exposure=exposure,
            output="url",
        )
        if replicas > 1:
            add_disruption_budget(self, "disruption_budget", metadata=metadata, selector=selector)


def _revision(declared: Mapping[str, object]) -> str:
    content = json.dumps(declared, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:_REVISION_CHARACTERS]


def _until_ready(name: str, revision: str, *, namespace: str) -> list[dict[str, Any]]:
    """A Job that ends when a pod of this revision is ready.

    The InferenceService itself is ready while those of the former one are.
    """
    selector = f"{MODEL_LABEL}={name},{REVISION_LABEL}={revision}"
    return waiting_job(
        f"{name}-ready",
        namespace=namespace,
        arguments=["wait", "pods", f"--selector={selector}", "--for=condition=Ready", f"--timeout={_ROLLOUT_SECONDS}s"],
        rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}],
    )
