"""Every Eval Ever, the schema of the EvalEval Coalition: read and written."""
