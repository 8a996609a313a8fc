"""What the writer of a preview's comment and the one who posts it agree on."""

from typing import Final

#: The comment's first line: by it, and by its author, the comment is found again. Nobody sees it on the page.
MARKER: Final = "<!-- modelyard preview -->"
#: Characters of the whole comment. GitHub refuses more than 65,536; what the poster adds has its place in the rest.
LONGEST: Final = 65_000
