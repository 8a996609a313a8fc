"""What a visitor sees: four sliders, the species and how sure the model is."""

from pathlib import Path

import streamlit as st

from . import metrics
from .errors import IrisError
from .model import FEATURES
from .served_model import ServedModel, served_model

_PICTURES = Path(__file__).with_name("species")
_DEFAULTS_CM = (5.2, 3.2, 4.2, 1.2)


def show() -> None:
    """Draws the page for one visitor; Streamlit calls it anew for each change of a slider."""
    st.set_page_config(page_title="Which iris is it?", page_icon=_PICTURES / "versicolor.svg")
    st.title("Which iris is it?")
    try:
        served = served_model()
    except IrisError as error:
        metrics.ANSWERS.labels("no-model").inc()
        st.error(f"No model can be asked: {error}. The page works as soon as there is one.")
        return
    sliders, answer = st.columns(2, gap="large")
    with sliders:
        lengths = [
            st.slider(f"{feature.capitalize()} (cm)", 0.0, 8.0, default, 0.1, format="%.1f", key=feature)
            for feature, default in zip(FEATURES, _DEFAULTS_CM, strict=True)
        ]
    with metrics.answering():
        probabilities = served.model.probabilities(lengths)
    with answer:
        _show_answer(probabilities)
    _show_model(served)


def _show_answer(probabilities: dict[str, float]) -> None:
    # Of species that are equally likely, the first: as the classifier's own `predict` has it.
    likeliest = max(probabilities, key=probabilities.__getitem__)
    st.header(f"Iris {likeliest}")
    st.image(_PICTURES / f"{likeliest}.svg", alt=f"A drawing of an Iris {likeliest}", width=240)
    for name, probability in probabilities.items():
        st.progress(probability, text=f"{name}: {probability:.1%}")


def _show_model(served: ServedModel) -> None:
    model = served.model
    st.divider()
    st.caption(
        f"Model {served.sha256[:12]} from `{served.location}`: right for {model.scores.accuracy:.1%} of the flowers it "
        f"was not shown, with {model.parameters.n_neighbors} neighbours, weights {model.parameters.weights}. "
        f"sha256 {served.sha256}"
    )
