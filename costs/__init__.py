"""What an environment costs a month, from what its stacks declare and from prices that stand in this folder."""
