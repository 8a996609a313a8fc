"""Asks a cluster with kubectl."""

import subprocess


def kubectl(context: str, *arguments: str) -> str:
    """What it prints; nothing where kubectl is missing, or the cluster does not answer within seconds.

    Args:
        context: The kubeconfig's context.
        arguments: Of kubectl.
    """
    try:
        done = subprocess.run(
            ["kubectl", "--context", context, "--request-timeout", "10s", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
