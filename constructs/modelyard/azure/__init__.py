"""What is Azure's: private containers, the image registry, the AKS cluster and the way to it."""
