"""What is Azure's: the state account, the image registry, the AKS cluster and the way to it."""
