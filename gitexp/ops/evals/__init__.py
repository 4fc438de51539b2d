"""What is asked of the tables of an evaluation."""
