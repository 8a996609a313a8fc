"""What a cluster leaves in its cloud outside Terraform's knowledge: found, priced, deleted."""
