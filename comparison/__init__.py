"""The proof that rehearsals plan as the real providers do: their plans side by side, leaf by leaf."""
