"""`python -m documentation` writes what `documentation.pages` makes: `make docs`."""

from documentation.pages import PAGES

for file, made in PAGES.items():
    file.parent.mkdir(exist_ok=True)
    file.write_text(made())
