"""What gitexp does, one module for each verb; values in, values out."""
