"""The flags and the files that they name, read with the messages of TensorFlow Serving."""

import argparse
from pathlib import Path
from typing import Any, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import Message
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig  # type: ignore[import-not-found]

from .errors import ServingError, invalid

M = TypeVar("M", bound=Message)


def flags() -> argparse.Namespace:
    """Of the program's flags those that matter here; unlike the program, this one ends at any other."""
    parser = argparse.ArgumentParser(prog="tensorflow_model_server", allow_abbrev=False)
    parser.add_argument("--port", type=int, default=8500)
    parser.add_argument("--rest_api_port", type=int, default=0)
    parser.add_argument("--model_config_file", type=Path, required=True)
    parser.add_argument("--monitoring_config_file", type=Path)
    parser.add_argument("--allow_version_labels_for_unavailable_models", type=_boolean, default=False)
    parser.add_argument("--max_num_load_retries", type=int, default=5)
    parser.add_argument("--load_retry_interval_micros", type=int, default=60_000_000)
    parser.add_argument("--file_system_poll_wait_seconds", type=int, default=1)
    return parser.parse_args()


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text]


def model_configs(path: Path) -> list[Any]:
    """Each model's `ModelConfig`.

    Raises:
        ServingError: The file is not one of this form, or asks for what is not done here.
    """
    configs = list(_read(path, ModelServerConfig()).model_config_list.config)
    names = [each.name for each in configs]
    for each in configs:
        if names.count(each.name) > 1:
            raise invalid(f"Illegal to list model {each.name} multiple times in config list")
        if not Path(each.base_path).is_absolute():
            raise invalid(
                f"Expected model {each.name} to have an absolute path or URI; got base_path()={each.base_path}"
            )
        if each.model_platform != "tensorflow":
            raise invalid(f"Model {each.name} requests unsupported platform {each.model_platform}")
        if each.HasField("model_version_policy"):
            raise ServingError("UNIMPLEMENTED", "model_version_policy: only the latest version is served")
    return configs


def metrics_path(path: Path | None) -> str | None:
    """Where metrics are served, if they are."""
    if path is None:
        return None
    monitoring = _read(path, _monitoring_config()).prometheus_config
    return (monitoring.path or "/monitoring/prometheus/metrics") if monitoring.enable else None


def _read(path: Path, message: M) -> Any:  # noqa: ANN401 - a protocol buffer, whose fields no type knows
    try:
        return text_format.Parse(path.read_text(), message)
    except FileNotFoundError:
        raise ServingError("NOT_FOUND", f"{path}; No such file or directory") from None
    except text_format.ParseError as error:
        raise invalid(f"Invalid protobuf file: '{path}': {error}") from None


def _monitoring_config() -> Message:
    """`MonitoringConfig`, which the published package has not."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="monitoring_config.proto", package="tensorflow.serving")
    prometheus = file.message_type.add(name="PrometheusConfig").field
    prometheus.add(name="enable", number=1, type=field.TYPE_BOOL, label=field.LABEL_OPTIONAL)
    prometheus.add(name="path", number=2, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    monitoring = file.message_type.add(name="MonitoringConfig").field.add(name="prometheus_config", number=1)
    monitoring.type, monitoring.label = field.TYPE_MESSAGE, field.LABEL_OPTIONAL
    monitoring.type_name = ".tensorflow.serving.PrometheusConfig"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.serving.MonitoringConfig"))()
