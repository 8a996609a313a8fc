"""Names what a picture shows: AlexNet on ONNX Runtime behind `POST /predict`."""
