"""An environment on Google Cloud: its settings, state bucket, image registry, artifacts and GKE cluster."""
