"""What a run is made of: frozen values without I/O."""
