"""KServe: turns an InferenceService, a few lines, into a model's Deployment and Service."""
