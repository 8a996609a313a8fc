"""What is known of the workflow's steps without Hera, which takes half a second to import."""

from modelyard import Resources

NAME = "sales-pipeline"
#: Where the sales are read from, unless a run says otherwise, and where the better model is put.
SALES_KEY, MODEL_KEY = f"{NAME}/sales.csv", f"{NAME}/model.zip"
#: Measured with a million rows: see README.md.
RESOURCES = {
    "preprocess": Resources(cpu="250m", memory="512Mi", cpu_limit="1"),
    "train-forest": Resources(cpu="400m", memory="1Gi", cpu_limit="1"),
    "train-lasso": Resources(cpu="250m", memory="1Gi", cpu_limit="1"),
    "compare": Resources(cpu="250m", memory="1280Mi", cpu_limit="1"),
}
