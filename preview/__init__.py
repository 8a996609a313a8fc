"""Pull-request previews: what a change would do, without credentials, and the one comment that says so."""
