"""The other side of the bench: torchvision's own AlexNet behind flask-restful, as one serves it with PyTorch on a CPU.

Runs in `.venv-frameworks`. WEIGHTS names a state of AlexNet as `torch.save` writes it.
"""

import io
import os
from typing import Any

import torch
from flask import Flask, request
from flask_restful import Api, Resource  # type: ignore[import-not-found]  # only in this side's own environment
from PIL import Image
from torchvision.models import (  # type: ignore[import-not-found]  # only in this side's own environment
    AlexNet_Weights,
    alexnet,
)

torch.set_num_threads(len(os.sched_getaffinity(0)))  # PyTorch's own default counts the machine's cores
_PUBLISHED = AlexNet_Weights.IMAGENET1K_V1
_LABELS = _PUBLISHED.meta["categories"]
_PREPROCESS = _PUBLISHED.transforms()
_MODEL = alexnet(weights=None).eval()
_MODEL.load_state_dict(torch.load(os.environ["WEIGHTS"]))
with torch.inference_mode():
    _MODEL(torch.zeros(1, 3, 224, 224))  # the first inference is slow


class Predict(Resource):  # type: ignore[misc]  # of an untyped library
    """POST /predict, of which only uploads by `--data-binary` are needed here."""

    def post(self) -> dict[str, Any]:
        """The label and its confidence, and both for the five best classes."""
        image = Image.open(io.BytesIO(request.get_data())).convert("RGB")
        with torch.inference_mode():
            probabilities = _MODEL(_PREPROCESS(image).unsqueeze(0)).softmax(dim=1)[0]
        best = probabilities.topk(5)
        top5 = [
            {"label": _LABELS[index], "confidence": round(confidence, 6)}
            for confidence, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        ]
        return {**top5[0], "top5": top5}


class Ready(Resource):  # type: ignore[misc]  # of an untyped library
    """GET /readyz."""

    def get(self) -> dict[str, str]:
        """Answers once the model is loaded."""
        return {"status": "ok"}


app = Flask(__name__)
api = Api(app)
api.add_resource(Predict, "/predict")
api.add_resource(Ready, "/readyz")
