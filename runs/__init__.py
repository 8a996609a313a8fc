"""Runs Terraform over an environment's stacks: in order, side by side; what was interrupted is continued."""
