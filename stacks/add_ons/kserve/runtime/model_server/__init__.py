"""Serves one model's folder by KServe's REST protocols, versions 1 and 2."""
