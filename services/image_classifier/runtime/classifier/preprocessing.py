"""From the bytes of a picture to AlexNet's input, like torchvision's AlexNet_Weights.IMAGENET1K_V1.transforms()."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from .errors import RequestError, too_large, unprocessable

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_RESIZED_SIDE = 256  # pixels, the shorter side
_CROPPED_SIDE = 224  # pixels
_MEAN = np.array([[[0.485]], [[0.456]], [[0.406]]], dtype=np.float32)
_STD = np.array([[[0.229]], [[0.224]], [[0.225]]], dtype=np.float32)

# Pillow's own limit only warns at first; decode() has a stricter one.
Image.MAX_IMAGE_PIXELS = None


def decode(data: bytes, *, max_pixels: int) -> Image.Image:
    """Decodes a JPEG, PNG, WebP or GIF (its first frame) to an upright RGB picture.

    Raises:
        RequestError: the bytes are no such picture (422), or it has more than `max_pixels` pixels (413), before any of
            them is decoded.
    """
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
        _check_size(*image.size, max_pixels=max_pixels)
        image.load()
        if image.mode != "RGB":
            image = image.convert("RGB")
        ImageOps.exif_transpose(image, in_place=True)
    except RequestError:
        raise
    except Exception:  # noqa: BLE001  # broken files make Pillow raise errors of many kinds; all mean the same
        raise unprocessable("not_an_image", "not a whole JPEG, PNG, WebP or GIF picture") from None
    return image


def preprocess(image: Image.Image) -> npt.NDArray[np.float32]:
    """Resizes the shorter side to 256 (bilinear, antialiased), crops the centre, scales and normalises.

    Args:
        image: RGB.

    Returns:
        Float32 [1, 3, 224, 224].
    """
    resized = image.resize(_resized(*image.size), Image.Resampling.BILINEAR)
    left, top = (round((side - _CROPPED_SIDE) / 2) for side in resized.size)
    cropped = resized.crop((left, top, left + _CROPPED_SIDE, top + _CROPPED_SIDE))
    # Channels first from here on: the network reads them in this order, else they would be copied once more.
    pixels = np.asarray(cropped).transpose(2, 0, 1).astype(np.float32, order="C") / np.float32(255)
    return ((pixels - _MEAN) / _STD)[np.newaxis]


def _resized(width: int, height: int) -> tuple[int, int]:
    shorter = min(width, height)
    return _RESIZED_SIDE * width // shorter, _RESIZED_SIDE * height // shorter


def _check_size(width: int, height: int, *, max_pixels: int) -> None:
    if min(width, height) < 1:
        raise unprocessable("not_an_image", "the picture has no pixels")
    # A long strip is small as a file and as a picture, and huge when its shorter side becomes 256.
    resized_width, resized_height = _resized(width, height)
    if max(width * height, resized_width * resized_height) > max_pixels:
        raise too_large(f"the picture has {width}x{height} pixels, allowed are {max_pixels} in all, also when resized")
