"""What every other part stands on: errors, the clock, money and random streams."""
