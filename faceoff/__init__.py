"""The front door of faceoff: the command line, the pipeline, the report."""
