"""What Terraform writes down in a namespace that takes models, and `serve()` reads there."""

#: The ConfigMap's name. Its keys, all of them texts:
#: `models`, the folder of the namespace's models as clients of the store have it, for example `gs://BUCKET/models/NAMESPACE`;
#: `storage`, the same as KServe has it; `service_account` and `pod_labels` (JSON) of the pods; `dashboard`, a link with
#: `{name}` in it, or empty; `s3`, where the store is in the namespace itself (JSON: `service`, `port`, `secret`).
CONFIG_MAP = "modelyard-serving"
