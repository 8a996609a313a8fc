"""This repo's own checks, a module for each subject; docs/policies.md says what they are for and how to mend."""
