import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from services.image_classifier.runtime.classifier.errors import RequestError
from services.image_classifier.runtime.classifier.preprocessing import decode, preprocess
from services.image_classifier.tests.pictures import encoded, picture, png_bomb

_MEAN = np.array([0.485, 0.456, 0.406])
_STD = np.array([0.229, 0.224, 0.225])
_LIMIT = 1_000_000
_MODES = {
    "JPEG": ["RGB", "L", "CMYK"],
    "PNG": ["RGB", "L", "P", "RGBA", "LA", "1", "I;16"],
    "WEBP": ["RGB", "RGBA"],
    "GIF": ["P", "L"],
}


def _resized(values: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    """Bilinear with antialiasing along the first axis: a triangle as wide as a target pixel, or as a source pixel."""
    scale = len(values) / length
    support = max(scale, 1)
    centres = (np.arange(length) + 0.5) * scale
    distance = np.abs(np.arange(len(values)) + 0.5 - centres[:, None])
    filters = np.maximum(0, 1 - distance / support)
    return np.tensordot(filters / filters.sum(axis=1, keepdims=True), values, axes=1)


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (256, 256), (100, 80), (701, 257)])
def test_pictures_are_resized_cropped_and_normalised_as_torchvision_documents(size: tuple[int, int]) -> None:
    image = picture(*size)
    width, height = size
    shorter = min(size)
    columns, rows = int(256 * width / shorter), int(256 * height / shorter)
    resized = _resized(np.asarray(image, np.float64), rows)
    resized = _resized(resized.swapaxes(0, 1), columns).swapaxes(0, 1)
    top, left = round((rows - 224) / 2), round((columns - 224) / 2)
    expected = (resized[top : top + 224, left : left + 224] / 255 - _MEAN) / _STD
    computed = preprocess(image)
    assert computed.shape == (1, 3, 224, 224)
    assert computed.dtype == np.float32
    # Pillow rounds to whole levels after each of its two passes: one level is 1 / 255 / 0.224.
    np.testing.assert_allclose(computed[0].transpose(1, 2, 0), expected, atol=1.01 / 255 / 0.224)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [(kind, mode) for kind, modes in _MODES.items() for mode in modes],
)
def test_every_mode_of_every_format_becomes_rgb(kind: str, mode: str) -> None:
    image = Image.new(mode, (40, 30)) if mode == "I;16" else picture(40, 30).convert(mode)
    decoded = decode(encoded(image, kind), max_pixels=_LIMIT)
    assert (decoded.mode, decoded.size) == ("RGB", (40, 30))


def test_of_an_animation_the_first_frame_counts() -> None:
    red, blue = Image.new("RGB", (30, 30), "red"), Image.new("RGB", (30, 30), "blue")
    decoded = decode(encoded(red, "GIF", save_all=True, append_images=[blue]), max_pixels=_LIMIT)
    assert decoded.getpixel((0, 0)) == (255, 0, 0)


def test_a_phones_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by 90 degrees
    assert decode(encoded(picture(40, 30), exif=exif), max_pixels=_LIMIT).size == (30, 40)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encoded(picture(), "TIFF"),
        encoded(picture())[:900],
    ],
    ids=["empty", "head only", "svg", "tiff", "truncated"],
)
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(RequestError) as error:
        decode(data, max_pixels=_LIMIT)
    assert (error.value.status, error.value.code) == (422, "not_an_image")


@pytest.mark.parametrize(
    "data",
    [png_bomb(), encoded(Image.new("1", (1001, 1000)), "PNG"), encoded(Image.new("L", (1, 60_000)), "PNG")],
    ids=["bomb", "a little too large", "small, but huge when its shorter side becomes 256"],
)
def test_too_many_pixels_are_refused(data: bytes) -> None:
    with pytest.raises(RequestError) as error:
        decode(data, max_pixels=_LIMIT)
    assert (error.value.status, error.value.code) == (413, "too_large")
