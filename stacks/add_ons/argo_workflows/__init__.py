"""Argo Workflows: runs workflows of containers, each step in a pod, with artifacts in between."""
