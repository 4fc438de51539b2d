"""`git exp bisect`: the commit that made a metric worse, found by git with the metric as its judge."""
