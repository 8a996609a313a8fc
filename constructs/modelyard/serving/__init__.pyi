from .endpoint import Endpoint as Endpoint
from .manifest import inference_service as inference_service
from .model_format import ModelFormat as ModelFormat
from .service import serve as serve
