"""`python -m commands` is `modelyard`, where that is not on PATH."""

from commands.app import main

main()
