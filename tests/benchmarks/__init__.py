"""What governance costs: the door and the log against the same work done bare, by turns, in one run on one machine."""
