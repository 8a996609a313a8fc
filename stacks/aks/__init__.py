"""An environment on Azure: its settings, state account, image registry and AKS cluster."""
