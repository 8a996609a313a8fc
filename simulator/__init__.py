"""Simulated Terraform providers: real Terraform and the real cdktf CLI run on them without a cloud.

    schema, traits    what is recorded of the real providers (record, probe and real_provider do that)
    plugin_binaries   where those are on this machine
    planning          plans from it as the providers' SDK does
    world             what exists: a folder of JSON files
    resource          what any resource type does; google/, azurerm/, kubernetes/ and helm hold what theirs do beyond
    cluster           what Kubernetes must know of a cluster, whichever cloud has it
    provider, server  a provider as a whole, and Terraform's plugin protocol
    forwarding        hands checks and plans to the real plugins, where they are at hand
    faults, injection what goes wrong on purpose: scenario files, and how their faults strike
    process           starts and ends the simulator beside a program that calls Terraform

Not simulated: the providers' checks of single values (names, enumerations), which need forwarding; their functions and
ephemeral resources, kubernetes_manifest, what a Helm chart renders, quotas, admission (pod security), system pods,
affinity and spread.
"""

from simulator.process import SimulatedProviders
from simulator.world import World

__all__ = ["SimulatedProviders", "World"]
