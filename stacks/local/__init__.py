"""An environment on a cluster that is there already: kind, minikube, Docker Desktop, or any context of a kubeconfig."""
