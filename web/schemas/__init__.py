"""What JSON from outside must look like: schemas that state bounds, refuse unknown members and yield plain values."""
