"""HTTP as every listener of the local cloud and the course speaks it: what a bad request is, who may ask, limits."""
