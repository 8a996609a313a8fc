"""An environment on Google Cloud: its settings, state bucket, image registry and GKE cluster."""
