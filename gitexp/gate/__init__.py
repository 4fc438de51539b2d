"""Whether a run is good enough, from what is known of it and the baseline; values in, values out."""
