"""What all tests share."""

from hypothesis import settings

# The same examples each time, and no deadline: a busy machine is no failure.
settings.register_profile("faceoff", deadline=None, derandomize=True)
settings.load_profile("faceoff")
