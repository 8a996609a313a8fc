"""Turns AlexNet's published PyTorch weights into an ONNX model, without PyTorch."""
