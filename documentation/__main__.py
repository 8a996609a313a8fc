"""`python -m documentation` writes what `documentation.pages` makes: `make docs`."""

from documentation.pages import pages

for file, text in pages().items():
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
