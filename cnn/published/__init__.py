"""Networks of published studies, layer by layer."""
