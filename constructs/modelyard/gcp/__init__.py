"""What is Google Cloud's: the state bucket, the image registry, the GKE cluster and the way to it."""
