"""Where people look: recordings to trials, fixations, quality and density maps."""
