"""An environment on Azure: its settings, state account, image registry, artifacts and AKS cluster."""
