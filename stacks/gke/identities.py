"""Who GitHub's workflows are on Google Cloud, and what each may do; docs/identities.md says why.

A person deploys this stack: what it makes may not change it.
"""

from typing import Final

from modelyard.gcp.github_trust import GithubTrust
from modelyard.gcp.image_registry import ArtifactRegistryRef
from modelyard.gcp.project_services import enable_services

from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_google import project_iam_member as iam
from cdktf_cdktf_provider_google.project_iam_custom_role import ProjectIamCustomRole
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google.service_account import ServiceAccount
from cdktf_cdktf_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from constructs import Construct

from stacks.github import DUTIES, ISSUER, OUTPUT, Duty, github_environment
from stacks.gke.artifacts import ArtifactsStack
from stacks.gke.registry import RegistryStack
from stacks.gke.settings import GkeSettings
from stacks.gke.state import StateStack
from stacks.settings import GithubSettings

# Settings and policies of what the project has. Not roles/viewer: who has that may read the objects of every bucket,
# since each new one lets the project's viewers do so.
_SEE_ALL: Final = (
    "roles/compute.viewer",
    "roles/iam.roleViewer",
    "roles/iam.securityReviewer",
    "roles/iam.serviceAccountViewer",
    "roles/iam.workloadIdentityPoolViewer",
)
_PLAN: Final = (
    *_SEE_ALL,
    # With what is in the cluster, but Secrets.
    "roles/container.viewer",
    "roles/serviceusage.serviceUsageViewer",
    "roles/storage.bucketViewer",
)
# Helm keeps its records as Secrets, and IAM cannot tell these from others.
_PLAN_PERMISSIONS: Final = ("container.secrets.get", "container.secrets.list")
# The cluster's stack makes its network and cluster anew; roles on these would go with them.
_APPLY: Final = (
    *_SEE_ALL,
    "roles/compute.networkAdmin",
    # In the cluster too: add-ons bring roles and webhooks of their own.
    "roles/container.admin",
)
_APPLY_PERMISSIONS: Final = (
    # The account of the nodes. GKE wants to see that whoever makes nodes may act as it, and no condition can name an
    # account that is made later. Tokens, keys and policies of accounts are not among these.
    *(f"iam.serviceAccounts.{verb}" for verb in ("actAs", "create", "delete", "get", "list", "update")),
    # APIs are enabled and never disabled.
    *(f"serviceusage.services.{verb}" for verb in ("enable", "get", "list")),
    # What a cluster leaves behind (leftovers/google_kinds.py), where roles/compute.networkAdmin only looks.
    *(
        f"compute.{kind}.delete"
        for kind in (
            "disks",
            "firewalls",
            "instanceGroupManagers",
            "instanceGroups",
            "instanceTemplates",
            "instances",
            "networkEndpointGroups",
            "regionSslCertificates",
            "snapshots",
            "sslCertificates",
        )
    ),
    # What people saved on volumes is kept when those go.
    "compute.disks.createSnapshot",
    "compute.snapshots.create",
    "compute.snapshots.setLabels",
)
# What nodes need in the project (see NodeAccount), and the only role that a deploy may grant or take there.
_GRANTED_BY_APPLY: Final = "roles/container.defaultNodeServiceAccount"


class IdentitiesStack(TerraformStack):
    """A pool that trusts one repository, and a service account for each of its GitHub environments."""

    def __init__(
        self,
        scope: Construct,
        settings: GkeSettings,
        github: GithubSettings,
        *,
        state: StateStack,
        registry: RegistryStack,
        artifacts: ArtifactsStack,
    ) -> None:
        super().__init__(scope, settings.stack_id("identities"))
        # On what these have made the accounts have roles.
        self.add_dependency(artifacts)
        state.store.keep(self)
        GoogleProvider(self, "google", project=settings.project_id, region=settings.region)
        self._settings = settings
        trust = GithubTrust(
            self,
            "trust",
            name=settings.name,
            project_id=settings.project_id,
            issuer=ISSUER,
            repository_id=github.repository_id,
            repository_owner_id=github.repository_owner_id,
            environments=[github_environment(settings, duty) for duty in DUTIES],
            wait_for=enable_services(
                self,
                project_id=settings.project_id,
                services=[
                    # Service accounts ask it for the project and its roles; people's requests go through gcloud's own.
                    "cloudresourcemanager.googleapis.com",
                    "iam.googleapis.com",
                    "iamcredentials.googleapis.com",
                    "sts.googleapis.com",
                ],
            ),
        )
        accounts = {
            duty: trust.account(
                duty,
                account_id=f"{settings.name}-{duty}",
                environment=github_environment(settings, duty),
                description=f"Of workflows of {github.repository}, by docs/identities.md",
            )
            for duty in DUTIES
        }
        self._let_plan(accounts["plan"], registry.ref)
        registry.ref.grant_push(self, "images_push", member=accounts["images"].member)
        self._let_apply(accounts["apply"], registry.ref)
        TerraformOutput(
            self,
            OUTPUT,
            value={
                github_environment(settings, duty): {
                    "GOOGLE_WORKLOAD_IDENTITY_PROVIDER": trust.provider_name,
                    "GOOGLE_SERVICE_ACCOUNT": account.email,
                }
                for duty, account in accounts.items()
            },
            description="Variables of each GitHub environment, for `modelyard identities`.",
        )

    def _let_plan(self, account: ServiceAccount, registry: ArtifactRegistryRef) -> None:
        self._grant("plan", account, _PLAN)
        self._grant_permissions("plan", account, _PLAN_PERMISSIONS)
        self._grant_bucket("plan_state", account, self._settings.state_bucket, "roles/storage.objectViewer")
        registry.grant_pull(self, "plan_registry", member=account.member)

    def _let_apply(self, account: ServiceAccount, registry: ArtifactRegistryRef) -> None:
        self._grant("apply", account, _APPLY)
        self._grant_permissions("apply", account, _APPLY_PERMISSIONS)
        self._grant_bucket("apply_state", account, self._settings.state_bucket, "roles/storage.admin")
        self._grant_bucket("apply_artifacts", account, self._settings.artifacts_bucket, "roles/storage.admin")
        registry.grant_administration(self, "apply_registry", member=account.member)
        # https://cloud.google.com/iam/docs/setting-limits-on-granting-roles
        iam.ProjectIamMember(
            self,
            "apply_grants",
            project=self._settings.project_id,
            role="roles/resourcemanager.projectIamAdmin",
            member=account.member,
            condition=iam.ProjectIamMemberCondition(
                title="nodes-only",
                description="Grants and takes the role of the cluster's nodes, and no other.",
                expression="api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])"
                f".hasOnly(['{_GRANTED_BY_APPLY}'])",
            ),
        )

    def _grant(self, duty: Duty, account: ServiceAccount, roles: tuple[str, ...]) -> None:
        for role in roles:
            iam.ProjectIamMember(
                self,
                f"{duty}_{role.removeprefix('roles/').replace('.', '_')}",
                project=self._settings.project_id,
                role=role,
                member=account.member,
            )

    def _grant_bucket(self, id_: str, account: ServiceAccount, bucket: str, role: str) -> None:
        StorageBucketIamMember(self, id_, bucket=bucket, role=role, member=account.member)

    def _grant_permissions(self, duty: Duty, account: ServiceAccount, permissions: tuple[str, ...]) -> None:
        role = ProjectIamCustomRole(
            self,
            f"role_{duty}",
            project=self._settings.project_id,
            role_id=f"{self._settings.name.replace('-', '_')}_{duty}",
            title=f"{self._settings.name}: {duty}",
            permissions=list(permissions),
        )
        iam.ProjectIamMember(
            self, f"{duty}_own", project=self._settings.project_id, role=role.name, member=account.member
        )
