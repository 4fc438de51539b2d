"""What is taken down while a run is live: code, environment, console, rows."""
