"""The Deployment of a serving program, hardened to the `restricted` Pod Security Standard.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from modelyard.generated_secret import GeneratedSecret
from modelyard.probes import Probes
from modelyard.resources import Resources

from cdktf_cdktf_provider_kubernetes import deployment_v1 as k8s
from cdktf_cdktf_provider_kubernetes.deployment_v1 import DeploymentV1SpecTemplateSpecContainerVolumeMount as _Mount
from cdktf_cdktf_provider_kubernetes.deployment_v1 import DeploymentV1SpecTemplateSpecVolume as _Volume

# A numeric user, so that the kubelet can tell that it is not root; above 10000, where no host has one.
_USER = 10001
#: Endpoints are withdrawn while a pod shuts down: it goes on serving until load balancers have heard of that.
DRAIN_SECONDS = 10
_PROBE_PERIOD_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class ServingPods:
    """What runs in each replica.

    Attributes:
        name: Of the container.
        image: Its reference.
        ports: Where the program listens, above 1023, by name; `http` is what probes and metrics ask.
        resources: Requests and limits.
        probes: Startup, readiness, liveness.
        arguments: For the program that the image starts.
        environment: Environment variables; not for secrets, they stand in the plan.
        annotations: Of the pods.
        shutdown_seconds: How long requests under way may take to finish.
        scratch_size: Size limit of /tmp, the only place that can be written besides `claims`.
        secrets: By the folders where they are mounted, a file for each key.
        claims: Names of volume claims, by the folders where they are mounted.
    """

    name: str
    image: str
    ports: Mapping[str, int]
    resources: Resources
    probes: Probes
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    shutdown_seconds: int = 30
    scratch_size: str = "128Mi"
    secrets: Mapping[str, GeneratedSecret] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """Where it listens for HTTP."""
        return self.ports["http"]

    def template(self, labels: Mapping[str, str], selector: Mapping[str, str]) -> k8s.DeploymentV1SpecTemplate:
        """The pod template of a Deployment whose pods carry `labels` and are found by `selector`."""
        revisions = {name: value for each in self.secrets.values() for name, value in each.annotations.items()}
        return k8s.DeploymentV1SpecTemplate(
            metadata=k8s.DeploymentV1SpecTemplateMetadata(
                labels=dict(labels), annotations={**self.annotations, **revisions} or None
            ),
            spec=k8s.DeploymentV1SpecTemplateSpec(
                service_account_name=self.name,
                automount_service_account_token=False,
                enable_service_links=False,
                termination_grace_period_seconds=DRAIN_SECONDS + self.shutdown_seconds,
                security_context=k8s.DeploymentV1SpecTemplateSpecSecurityContext(
                    run_as_non_root=True,
                    run_as_user=str(_USER),
                    run_as_group=str(_USER),
                    fs_group=str(_USER),
                    # Not at each start through everything that is on a disk.
                    fs_group_change_policy="OnRootMismatch" if self.claims else None,
                    seccomp_profile=k8s.DeploymentV1SpecTemplateSpecSecurityContextSeccompProfile(
                        type="RuntimeDefault"
                    ),
                ),
                topology_spread_constraint=[
                    k8s.DeploymentV1SpecTemplateSpecTopologySpreadConstraint(
                        max_skew=1,
                        topology_key=key,
                        when_unsatisfiable="ScheduleAnyway",
                        label_selector=[
                            k8s.DeploymentV1SpecTemplateSpecTopologySpreadConstraintLabelSelector(
                                match_labels=dict(selector)
                            )
                        ],
                    )
                    for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
                ],
                container=[self._container()],
                volume=[volume for volume, _ in self._mounted()],
            ),
        )

    def _mounted(self) -> Iterator[tuple[_Volume, _Mount]]:
        """The volumes, and where the container sees each."""
        scratch = k8s.DeploymentV1SpecTemplateSpecVolumeEmptyDir(size_limit=self.scratch_size)
        yield _Volume(name="scratch", empty_dir=scratch), _Mount(name="scratch", mount_path="/tmp")  # noqa: S108 - the pod's own volume
        for number, (folder, generated) in enumerate(self.secrets.items()):
            name = f"secret-{number}"
            secret = k8s.DeploymentV1SpecTemplateSpecVolumeSecret(secret_name=generated.name, default_mode="0440")
            yield _Volume(name=name, secret=secret), _Mount(name=name, mount_path=folder, read_only=True)
        for number, (folder, claimed) in enumerate(self.claims.items()):
            name = f"claim-{number}"
            claim = k8s.DeploymentV1SpecTemplateSpecVolumePersistentVolumeClaim(claim_name=claimed)
            yield _Volume(name=name, persistent_volume_claim=claim), _Mount(name=name, mount_path=folder)

    def _container(self) -> k8s.DeploymentV1SpecTemplateSpecContainer:
        return k8s.DeploymentV1SpecTemplateSpecContainer(
            name=self.name,
            image=self.image,
            # The tag is the content's hash: what a node has under it is what the registry has.
            image_pull_policy="IfNotPresent",
            # The last lines of a container that failed stand in the pod's status, whatever becomes of its log.
            termination_message_policy="FallbackToLogsOnError",
            args=list(self.arguments) or None,
            port=[
                k8s.DeploymentV1SpecTemplateSpecContainerPort(name=name, container_port=port)
                for name, port in self.ports.items()
            ],
            env=[
                k8s.DeploymentV1SpecTemplateSpecContainerEnv(name=name, value=value)
                for name, value in sorted(self.environment.items())
            ]
            or None,
            resources=k8s.DeploymentV1SpecTemplateSpecContainerResources(
                requests=self.resources.requests, limits=self.resources.limits
            ),
            startup_probe=self._startup_probe(),
            readiness_probe=k8s.DeploymentV1SpecTemplateSpecContainerReadinessProbe(
                http_get=k8s.DeploymentV1SpecTemplateSpecContainerReadinessProbeHttpGet(
                    path=self.probes.ready_path, port="http"
                ),
                period_seconds=_PROBE_PERIOD_SECONDS,
                timeout_seconds=self.probes.timeout_seconds,
                failure_threshold=2,
            ),
            liveness_probe=k8s.DeploymentV1SpecTemplateSpecContainerLivenessProbe(
                http_get=k8s.DeploymentV1SpecTemplateSpecContainerLivenessProbeHttpGet(
                    path=self.probes.alive_path, port="http"
                ),
                period_seconds=2 * _PROBE_PERIOD_SECONDS,
                timeout_seconds=self.probes.timeout_seconds,
                # Slower to act than readiness: a busy pod is taken out of service, not restarted.
                failure_threshold=6,
            ),
            lifecycle=_drain(),
            security_context=k8s.DeploymentV1SpecTemplateSpecContainerSecurityContext(
                allow_privilege_escalation=False,
                privileged=False,
                read_only_root_filesystem=True,
                run_as_non_root=True,
                capabilities=k8s.DeploymentV1SpecTemplateSpecContainerSecurityContextCapabilities(add=[], drop=["ALL"]),
            ),
            volume_mount=[mount for _, mount in self._mounted()],
        )

    def _startup_probe(self) -> k8s.DeploymentV1SpecTemplateSpecContainerStartupProbe:
        return k8s.DeploymentV1SpecTemplateSpecContainerStartupProbe(
            http_get=k8s.DeploymentV1SpecTemplateSpecContainerStartupProbeHttpGet(
                path=self.probes.started_path or self.probes.ready_path, port="http"
            ),
            period_seconds=_PROBE_PERIOD_SECONDS,
            timeout_seconds=self.probes.timeout_seconds,
            failure_threshold=-(-self.probes.startup_seconds // _PROBE_PERIOD_SECONDS),
        )


def _drain() -> k8s.DeploymentV1SpecTemplateSpecContainerLifecycle:
    wait = k8s.DeploymentV1SpecTemplateSpecContainerLifecyclePreStopExec(command=["sleep", str(DRAIN_SECONDS)])
    return k8s.DeploymentV1SpecTemplateSpecContainerLifecycle(
        pre_stop=[k8s.DeploymentV1SpecTemplateSpecContainerLifecyclePreStop(exec=wait)]
    )
