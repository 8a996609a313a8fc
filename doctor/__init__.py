"""What a machine and an environment need before a deploy: looked at, and told with the mend."""
