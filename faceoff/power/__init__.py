"""Power by simulation: how many participants and pictures find a difference of a given size."""
