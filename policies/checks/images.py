"""Images: whether what a node pulls tomorrow is what was tested today."""

import re
from collections.abc import Iterator

from policies.checks.stack import Outcome, Stack
from policies.documents import Document, tables
from policies.plan import UNKNOWN

_IMAGE = re.compile(r"(?P<name>.+?)(?::(?P<tag>\w[\w.-]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")
# The tags of own images: a hash of what they are built from (modelyard.build_context).
_CONTENT_HASH = re.compile(r"[0-9a-f]{16}")
# 1.2.3, v1.2.3-rc.1 and PostgreSQL's 16.15; not 16, stable, latest.
_RELEASE = re.compile(r"v?\d+(\.\d+)+([.+_-][\w.+-]+)?")


def pinned(stack: Stack) -> Iterator[Outcome]:
    """A tag that means one image: no tag, `latest` and `16` mean another one after each release."""
    for document in stack.documents:
        for path, image in _images(document):
            problem = None if _is_pinned(image) else f"{path}: {image} names no release"
            yield document, problem
        for path, table in tables(document.content) if not document.kind else ():
            tag = table.get("tag")
            if isinstance(tag, str) and tag and not table.get("digest"):
                is_pinned = _RELEASE.fullmatch(tag) or _CONTENT_HASH.fullmatch(tag)
                yield document, None if is_pinned else f"{path}.tag: {tag} names no release"


def digests(stack: Stack) -> Iterator[Outcome]:
    """A digest beside the tag of others' images, which they can move; own tags are hashes of the content."""
    for document in stack.documents:
        for path, image in _images(document):
            parts = _IMAGE.fullmatch(image)
            tag = parts["tag"] if parts and not parts["digest"] else None
            if tag and _RELEASE.fullmatch(tag) and not _CONTENT_HASH.fullmatch(tag):
                yield document, f"{path}: {image} has no digest"
            else:
                yield document, None


def _is_pinned(image: str) -> bool:
    parts = _IMAGE.fullmatch(image)
    if parts is None or parts["digest"]:
        return parts is not None
    tag = parts["tag"] or ""
    return bool(_RELEASE.fullmatch(tag) or _CONTENT_HASH.fullmatch(tag))


def _images(document: Document) -> Iterator[tuple[str, str]]:
    """References of images, with their places: of containers, and of models that are images."""
    for path, table in tables(document.content):
        image = table.get("image")
        if isinstance(image, str) and image and UNKNOWN not in image:
            yield f"{path}.image", image
        storage = table.get("storageUri")
        if isinstance(storage, str) and storage.startswith("oci://") and UNKNOWN not in storage:
            yield f"{path}.storageUri", storage.removeprefix("oci://")
