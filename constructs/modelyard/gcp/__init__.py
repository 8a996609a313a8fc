"""What is Google Cloud's: private buckets, the image registry, the GKE cluster and the way to it."""
