"""The keys of an environment's file when it is on a cluster that is there already."""

from typing import Annotated, Literal

from modelyard.quantities import mebibytes, millicores

from pydantic import Field

from stacks.setting_types import Section, check
from stacks.settings import Settings


class NodeSettings(Section):
    """The nodes of the cluster, and what one of them offers to pods."""

    count: int = Field(1, ge=1, le=1000, description="Nodes of the cluster.", examples=[1])
    cpu: Annotated[str, check(millicores)] = Field(
        "2",
        description="CPU that pods may request in all.",
        examples=["2"],
        json_schema_extra={"allowed": "a Kubernetes quantity"},
    )
    memory: Annotated[str, check(mebibytes)] = Field(
        "4Gi",
        description="Memory that pods may request in all.",
        examples=["4Gi"],
        json_schema_extra={"allowed": "a Kubernetes quantity"},
    )


class LocalSettings(Settings):
    """One environment on a cluster that is there already."""

    cloud: Literal["local"] = Field(description="No cloud: a cluster of your own.", examples=["local"])
    context: str = Field(
        min_length=1,
        description="The kubeconfig's context; the kubeconfig is the one of KUBECONFIG, else ~/.kube/config.",
        examples=["kind-modelyard"],
    )
    registry: str = Field(
        "localhost",
        min_length=1,
        description="What the names of images begin with: a registry that the nodes reach, or any name if images are "
        "loaded into the nodes.",
        examples=["localhost:5001"],
    )
    image_loader: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (),
        strict=False,  # else TOML's lists are refused; the texts in it are not converted
        json_schema_extra={"allowed": "a list of texts: a program and its arguments"},
        description="What loads an archive of images into the nodes, whose path is added; kind and minikube are known.",
        examples=[["k3s", "ctr", "images", "import"]],
    )
    state: Literal["files", "cluster"] = Field(
        "files",
        description="Where Terraform's states are: in files of this checkout, or as Secrets in the cluster, where "
        "everybody who deploys to it finds them.",
        examples=["cluster"],
    )
    node: NodeSettings = Field(NodeSettings(), description="The nodes, and what one of them offers to pods.")


#: What `stacks.clouds` looks for.
MODEL = LocalSettings
