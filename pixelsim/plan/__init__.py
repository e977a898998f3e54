"""What to do: planner, exhaustive explorer, lint against the practices."""
