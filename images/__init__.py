"""Images of services: built, listed, pushed or loaded, and where they are."""
