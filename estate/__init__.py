"""The stacks of an environment as CDKTF has written them, and the order in which they stand on each other."""
