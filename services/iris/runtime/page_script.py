"""The script that Streamlit runs for each visitor, with this folder on its path; iris/page.py has what is shown."""

from iris.page import show  # type: ignore[import-not-found]  # a package here, but not in the repo

show()
