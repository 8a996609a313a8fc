"""One page that says what an environment is: its stacks, who may reach them, what they cost, and what ends when."""
