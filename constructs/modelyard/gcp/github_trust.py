"""Google service accounts that GitHub's workflows act as, without keys: workload identity federation."""

import json
from collections.abc import Sequence

from modelyard.names import dns_label

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google import iam_workload_identity_pool_provider as federation
from cdktf_cdktf_provider_google.iam_workload_identity_pool import IamWorkloadIdentityPool
from cdktf_cdktf_provider_google.service_account import ServiceAccount
from cdktf_cdktf_provider_google.service_account_iam_member import ServiceAccountIamMember
from constructs import Construct

# https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers
_LONGEST_POOL_ID = 32
# IAM allows service-account ids of 6 to 30 characters.
_LONGEST_ACCOUNT_ID = 30


class GithubTrust(Construct):
    """A workload identity pool that takes the tokens of some GitHub environments of one repository, and no others.

    Source: https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines

    Args:
        scope: The stack.
        id_: The construct's id.
        name: The environment's.
        project_id: The project.
        issuer: Who signs the tokens.
        repository_id: The repository's number.
        repository_owner_id: Its owner's number.
        environments: Names of the GitHub environments.
        wait_for: The APIs.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        project_id: str,
        issuer: str,
        repository_id: int,
        repository_owner_id: int,
        environments: Sequence[str],
        wait_for: Sequence[ITerraformDependable],
    ) -> None:
        super().__init__(scope, id_)
        self._project_id = project_id
        self._pool = IamWorkloadIdentityPool(
            self,
            "pool",
            project=project_id,
            # Not the other way round: Google keeps names that begin with gcp- for itself.
            workload_identity_pool_id=dns_label(
                f"github-{name}", what="the workload identity pool's id", longest=_LONGEST_POOL_ID
            ),
            display_name=f"GitHub, {name}",
            depends_on=list(wait_for),
        )
        provider = federation.IamWorkloadIdentityPoolProvider(
            self,
            "provider",
            project=project_id,
            workload_identity_pool_id=self._pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="github",
            display_name="GitHub Actions",
            oidc=federation.IamWorkloadIdentityPoolProviderOidc(issuer_uri=issuer),
            attribute_mapping={
                # What audit logs name. GitHub's own subject can be longer than the 127 characters that Google takes.
                "google.subject": '"repository/" + assertion.repository_id + "/environment/" + assertion.environment'
                ' + "/run/" + assertion.run_id',
                "attribute.repository_id": "assertion.repository_id",
                "attribute.repository_owner_id": "assertion.repository_owner_id",
                "attribute.environment": "assertion.environment",
            },
            # Numbers: a name can be given up, and registered by somebody else. A token without one of these claims is
            # refused. The branch is GitHub's to check as well, but not in every plan that it sells.
            attribute_condition=" && ".join(
                [
                    f'assertion.repository_id == "{repository_id}"',
                    f'assertion.repository_owner_id == "{repository_owner_id}"',
                    'assertion.ref == "refs/heads/main"',
                    f"assertion.environment in {json.dumps(list(environments))}",
                ]
            ),
        )
        #: With which a workflow asks for a token.
        self.provider_name = provider.name

    def account(self, id_: str, *, account_id: str, environment: str, description: str) -> ServiceAccount:
        """A service account that jobs of one GitHub environment may act as; it has no key and no role yet."""
        account = ServiceAccount(
            self,
            id_,
            project=self._project_id,
            account_id=dns_label(account_id, what="the service account's id", longest=_LONGEST_ACCOUNT_ID),
            display_name=f"GitHub environment {environment}",
            description=description,
            depends_on=[self._pool],
        )
        ServiceAccountIamMember(
            self,
            f"{id_}_trust",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=f"principalSet://iam.googleapis.com/{self._pool.name}/attribute.environment/{environment}",
        )
        return account
